"""Whether the roles exist that AWS's services act by. They are the account's, so no template makes them."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok
from stacks.settings import Settings


def needed(settings: Settings) -> dict[str, str]:
    """Return role names by the service that each is linked to."""
    found = {}
    if settings.on_msk:
        found["kafka.amazonaws.com"] = "AWSServiceRoleForKafka"
    if settings.on_msk and settings.broker_storage_most_gib:
        found["kafka.application-autoscaling.amazonaws.com"] = (
            "AWSServiceRoleForApplicationAutoScaling_KafkaCluster"
        )
    if settings.in_fargate:
        found["ecs.amazonaws.com"] = "AWSServiceRoleForECS"
        found["elasticloadbalancing.amazonaws.com"] = "AWSServiceRoleForElasticLoadBalancing"
        found["ecs.application-autoscaling.amazonaws.com"] = (
            "AWSServiceRoleForApplicationAutoScaling_ECSService"
        )
    if settings.in_fargate or settings.domain:
        # The gateway's links into the VPC, and its certificates.
        found["ops.apigateway.amazonaws.com"] = "AWSServiceRoleForAPIGateway"
    return found


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield whether each is there; with ``fix`` the missing ones are made."""
    iam = account.client("iam")
    for service, role in needed(account.settings).items():
        try:
            iam.get_role(RoleName=role)
        except iam.exceptions.NoSuchEntityException:
            if fix:
                iam.create_service_linked_role(AWSServiceName=service)
                yield ok("service-linked role", f"{role}, made now")
            else:
                yield fails(
                    "service-linked role",
                    f"the account has no {role}",
                    f"scripts/preflight --fix makes it, or: aws iam create-service-linked-role "
                    f"--aws-service-name {service}",
                )
        else:
            yield ok("service-linked role", role)
