"""Whether the roles exist that AWS's services act by. They are the account's, so no template makes them."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok
from stacks.settings import Settings


def needed(settings: Settings) -> list[str]:
    """Return the services that act by a role of their own."""
    found = []
    if settings.on_msk:
        found.append("kafka.amazonaws.com")
    if settings.on_msk and settings.broker_storage_most_gib:
        found.append("kafka.application-autoscaling.amazonaws.com")
    if settings.in_fargate:
        found += [
            "ecs.amazonaws.com",
            "elasticloadbalancing.amazonaws.com",
            "ecs.application-autoscaling.amazonaws.com",
        ]
    if settings.in_fargate or settings.domain:
        # The gateway's links into the VPC, and its certificates.
        found.append("ops.apigateway.amazonaws.com")
    return found


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield whether each is there; with ``fix`` the missing ones are made."""
    iam = account.client("iam")
    for service in needed(account.settings):
        about = f"service-linked role of {service}"
        # The names that AWS gives them follow no rule; their paths do.
        roles = iam.list_roles(PathPrefix=f"/aws-service-role/{service}/")["Roles"]
        if roles:
            yield ok(about, roles[0]["RoleName"])
        elif fix:
            made = iam.create_service_linked_role(AWSServiceName=service)["Role"]
            yield ok(about, f"{made['RoleName']}, made now")
        else:
            yield fails(
                about,
                "the account has none",
                f"scripts/preflight {account.words} --fix makes it, or: aws iam create-service-linked-role "
                f"--aws-service-name {service}",
            )
