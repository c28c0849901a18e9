"""Metrics by what they are of, for whatever was installed.

A source returns parts: each is the sum of its series, and an alarm stands on the worst of them. So one rule
says the same of three brokers and of nine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stacks.settings import Settings

Part = tuple["Series", ...]
"""What is added up."""
Source = Callable[["Installed"], tuple[Part, ...]]
"""Which parts there are of what was installed."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What there is to watch. Names that AWS or the library chose are known to no setting."""

    settings: Settings
    authorizer: str = ""
    """Name of the authorizer's function."""
    balancer: str = ""
    """As CloudWatch calls it, ``app/<name>/<id>``; with its targets, none but in Fargate."""
    targets: str = ""
    service: str = ""
    """Name of the service in ECS."""
    nat_gateways: tuple[str, ...] = ()
    """By their ids."""
    authorizer_logs: str = ""
    """Bucket of the brokers' authorizer logs."""


@dataclass(frozen=True)
class Series:
    """One metric of one thing."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=dict)


def namespace(institution: str) -> str:
    """Return CloudWatch's namespace of one installation's own metrics."""
    return f"Octopus/{institution}"


def own(name: str) -> Source:
    """Return the source of a metric of ``service_src/octopus/metrics/catalogue.toml``."""
    return lambda installed: ((Series(namespace(installed.settings.institution), name),),)


def cluster(name: str) -> Source:
    """Return the source of a metric of the whole MSK cluster."""
    return lambda installed: (
        (Series("AWS/Kafka", name, {"Cluster Name": installed.settings.cluster_name}),),
    )


def brokers(*names: str, signed: bool = False) -> Source:
    """Return the source of what metrics add up to on each broker.

    Args:
        signed: whether they are of connections that IAM let in alone.
    """

    def of_each(installed: Installed) -> tuple[Part, ...]:
        settings = installed.settings
        beside = {"Client Authentication": "IAM"} if signed else {}
        return tuple(
            tuple(
                Series(
                    "AWS/Kafka",
                    name,
                    {"Cluster Name": settings.cluster_name, "Broker ID": str(number), **beside},
                )
                for name in names
            )
            for number in range(1, settings.broker_count + 1)
        )

    return of_each


def gateway(name: str) -> Source:
    """Return the source of a metric of the API, which has one stage."""
    return lambda installed: (
        (Series("AWS/ApiGateway", name, {"ApiName": installed.settings.named("gateway")}),),
    )


def authorizer(name: str) -> Source:
    """Return the source of a metric of the authorizer's function."""
    return lambda installed: ((Series("AWS/Lambda", name, {"FunctionName": installed.authorizer}),),)


def balancer(name: str) -> Source:
    """Return the source of a metric of the balancer."""
    return lambda installed: ((Series("AWS/ApplicationELB", name, {"LoadBalancer": installed.balancer}),),)


def targets(name: str) -> Source:
    """Return the source of a metric of the balancer's targets, which are the service's tasks."""
    return lambda installed: (
        (
            Series(
                "AWS/ApplicationELB",
                name,
                {"LoadBalancer": installed.balancer, "TargetGroup": installed.targets},
            ),
        ),
    )


def tasks(name: str) -> Source:
    """Return the source of a metric of the service's tasks together."""
    return lambda installed: (
        (
            Series(
                "AWS/ECS",
                name,
                {"ClusterName": installed.settings.named("web"), "ServiceName": installed.service},
            ),
        ),
    )


def table(name: str, what: str) -> Source:
    """Return the source of a metric of the table ``what``."""
    return lambda installed: ((Series("AWS/DynamoDB", name, {"TableName": installed.settings.named(what)}),),)


def nat(name: str) -> Source:
    """Return the source of a metric of each NAT gateway."""
    return lambda installed: tuple(
        (Series("AWS/NATGateway", name, {"NatGatewayId": each}),) for each in installed.nat_gateways
    )


def domain_certificate(name: str) -> Source:
    """Return the source of a metric of the certificate of the gateway's own domain."""
    return lambda installed: (
        (Series("AWS/CertificateManager", name, {"CertificateArn": installed.settings.certificate_arn}),),
    )


def key_calls(name: str) -> Source:
    """Return the source of a metric of all that this account asks symmetric keys of KMS."""
    asked = {
        "Service": "KMS",
        "Type": "API",
        "Resource": "CryptographicOperationsSymmetric",
        "Class": "None",
    }
    return lambda installed: ((Series("AWS/Usage", name, asked),),)


def authorizer_logs(name: str) -> Source:
    """Return the source of a metric, one value a day, of the bucket of the brokers' authorizer logs."""
    return lambda installed: (
        (
            Series(
                "AWS/S3",
                name,
                {"BucketName": installed.authorizer_logs, "StorageType": "StandardStorage"},
            ),
        ),
    )


def web_acl(name: str, rule: str) -> Source:
    """Return the source of a metric of what one rule of the web ACL did."""

    def of_rule(installed: Installed) -> tuple[Part, ...]:
        acl, region = installed.settings.named("gateway"), installed.settings.region
        return (
            (Series("AWS/WAFV2", name, {"WebACL": f"{acl}-all", "Rule": f"{acl}-{rule}", "Region": region}),),
        )

    return of_rule
