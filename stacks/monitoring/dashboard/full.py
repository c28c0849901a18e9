"""How much room is left."""

from __future__ import annotations

from stacks.monitoring.dashboard.widgets import DAY_S, Line, Widget, graph, search
from stacks.monitoring.series import (
    Installed,
    brokers,
    cluster,
    domain_certificate,
    key_calls,
    nat,
    own,
    tasks,
)

QUESTION = "Is it full?"


def widgets(installed: Installed) -> list[Widget]:
    """Return brokers one by one, tasks, the way out, and what the AWS account may hold."""
    found = _brokers(installed)
    if installed.settings.in_fargate:
        found.append(
            graph(
                installed,
                "Tasks: percent of CPU and memory",
                Line(tasks("CPUUtilization"), "Average", "CPU"),
                Line(tasks("MemoryUtilization"), "Average", "memory"),
                rule="tasks-busy",
                most=100,
            )
        )
    if installed.nat_gateways:
        found.append(
            graph(
                installed,
                "NAT: connections, and those without a port",
                Line(nat("ActiveConnectionCount"), "Maximum", "open"),
                Line(nat("ErrorPortAllocation"), "Sum", "without a port", right=True),
            )
        )
    return [*found, *_account(installed)]


def _account(installed: Installed) -> list[Widget]:
    settings = installed.settings
    found = []
    if settings.credentials == "iam-user":
        found.append(
            graph(
                installed,
                "IAM: percent of what the account may hold",
                Line(own("UsersOfCeiling"), "Maximum", "users"),
                Line(own("ManagedPoliciesOfCeiling"), "Maximum", "managed policies"),
                rule="iam-users",
                most=100,
                period_s=900,
            )
        )
    days = [Line(own("GlobusSecretAgeDays"), "Maximum", "age of the Globus secret")]
    if settings.heartbeat_over_https or not settings.in_fargate:
        days.append(Line(own("CertificateDays"), "Minimum", "left of the certificate", right=True))
    if settings.domain:
        days.append(
            Line(domain_certificate("DaysToExpiry"), "Minimum", "left of the domain's in ACM", right=True)
        )
    return [
        *found,
        graph(
            installed,
            "KMS: calls a minute of the whole account",
            Line(key_calls("CallCount"), "Sum", "calls"),
            rule="keys-throttled",
            period_s=60,
        ),
        graph(installed, "Days", *days, period_s=DAY_S),
    ]


def _brokers(installed: Installed) -> list[Widget]:
    settings = installed.settings
    if settings.kafka == "msk-serverless":
        return [_serverless(installed, "BytesInPerSec"), _serverless(installed, "BytesOutPerSec")]
    if not settings.on_msk:
        return []
    of_their_kind = _standard(installed) if settings.kafka == "msk-standard" else _express(installed)
    return [
        graph(
            installed,
            "CPU by broker: percent",
            Line(brokers("CpuUser", "CpuSystem"), "Average", "broker"),
            rule="broker-cpu",
            most=100,
        ),
        *of_their_kind,
        graph(
            installed,
            "Partitions by broker, copies counted",
            Line(brokers("PartitionCount"), "Maximum", "broker"),
            rule="broker-partitions",
        ),
        graph(
            installed,
            "Connections by broker, of 3000",
            Line(brokers("ClientConnectionCount", signed=True), "Sum", "broker"),
            rule="broker-connections",
            period_s=60,
        ),
        graph(
            installed,
            "Events in a second by broker",
            Line(brokers("MessagesInPerSec"), "Average", "broker"),
        ),
        *(_in_detail(installed) if settings.kafka_monitoring == "per-broker" else []),
    ]


def _in_detail(installed: Installed) -> list[Widget]:
    burstable = installed.settings.broker_type.startswith("kafka.t3.")
    return [
        graph(
            installed,
            "New connections a second by broker",
            Line(brokers("ConnectionCreationRate", signed=True), "Sum", "broker"),
            rule="" if burstable else "broker-new-connections",
            period_s=60,
        ),
        graph(
            installed,
            "Threads for requests by broker: idle, of 1",
            Line(brokers("RequestHandlerAvgIdlePercent"), "Average", "broker"),
            rule="broker-request-threads",
            most=1,
        ),
        graph(
            installed,
            "Threads for the network by broker: idle, of 1",
            Line(brokers("NetworkProcessorAvgIdlePercent"), "Average", "broker"),
            rule="broker-network-threads",
            most=1,
        ),
    ]


def _standard(installed: Installed) -> list[Widget]:
    found = [
        graph(
            installed,
            "Disk by broker: percent",
            Line(brokers("KafkaDataLogsDiskUsed"), "Maximum", "broker"),
            rule="broker-storage",
            most=100,
        ),
        graph(
            installed,
            "Heap by broker after it was cleared: percent",
            Line(brokers("HeapMemoryAfterGC"), "Average", "broker"),
            rule="broker-heap",
            most=100,
        ),
        graph(installed, "Bytes in a second by broker", Line(brokers("BytesInPerSec"), "Average", "broker")),
        graph(
            installed, "Bytes out a second by broker", Line(brokers("BytesOutPerSec"), "Average", "broker")
        ),
    ]
    if installed.settings.broker_type.startswith("kafka.t3."):
        credits_left = Line(brokers("CPUCreditBalance"), "Minimum", "broker")
        found.append(graph(installed, "CPU credits by broker", credits_left, rule="broker-cpu-credits"))
    return found


def _express(installed: Installed) -> list[Widget]:
    return [
        graph(installed, "Bytes stored", Line(cluster("StorageUsed"), "Maximum", "stored")),
        graph(
            installed,
            "Bytes in a second by broker",
            Line(brokers("BytesInPerSec"), "Average", "broker"),
            rule="broker-bytes-in",
        ),
        graph(
            installed,
            "Bytes out a second by broker",
            Line(brokers("BytesOutPerSec"), "Average", "broker"),
            rule="broker-bytes-out",
        ),
    ]


def _serverless(installed: Installed, metric: str) -> Widget:
    name = installed.settings.cluster_name
    found = f'{{AWS/Kafka,"Cluster Name",Topic}} MetricName="{metric}" "Cluster Name"="{name}"'
    return search(installed, f"{metric} by topic", f"SEARCH('{found}', 'Average', 300)", width=12)
