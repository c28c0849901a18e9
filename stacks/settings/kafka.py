"""The brokers: Amazon MSK's, made here, or somebody else's by their addresses."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import brokers
from stacks.settings import values as read
from stacks.settings.variable import variable

_LEVELS = ("default", "per-broker")
_PER_TOPIC = dict.fromkeys(("per-topic-per-broker", "per-topic-per-partition"), "metrics for each topic")


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """The brokers."""

    kafka: str = variable(
        read.choice(("external", "msk-standard", "msk-express", "msk-serverless")),
        "Who runs the brokers; `external`: their addresses are given in `bootstrap_servers`",
        default="external",
    )
    bootstrap_servers: str = variable(
        read.servers,
        "`host:port,...` that Kafka clients are told; needed by `kafka=external`, learnt from MSK otherwise",
        default="",
    )
    cluster_uuid: str = variable(
        read.uuid,
        "UUID in the ARN of a cluster that is not on AWS; policies and the broker's plugin must agree on it",
        default="",
        shown="derived from the institution",
    )
    kafka_version: str = variable(
        read.choice(
            tuple(dict.fromkeys([*brokers.VERSIONS["msk-standard"], *brokers.VERSIONS["msk-express"]]))
        ),
        "Version of Kafka as MSK names it; versions never go back",
        default="",
        shown="3.9.x.kraft",
    )
    broker_type: str = variable(
        read.choice(tuple(size for sizes in brokers.SIZES.values() for size in sizes)),
        "Size of a broker as MSK names it",
        default="",
        shown="`kafka.m7g.large`, with Express `express.m7g.large`",
    )
    broker_count: int = variable(
        read.whole_number(2, 60), "Brokers of the cluster; a multiple of `zones`", default=3
    )
    broker_storage_gib: int = variable(
        read.whole_number(1, 16_384), "Storage of a standard broker in GiB; it never shrinks", default=100
    )
    broker_storage_most_gib: int = variable(
        read.whole_number(0, 16_384),
        "GiB up to which a standard broker's storage grows by itself; `0`: it does not",
        default=0,
    )
    broker_storage_percent: int = variable(
        read.whole_number(10, 80), "Percent of it in use at which storage grows", default=60
    )
    tiered_storage: bool = variable(
        read.truth, "`true`: standard brokers may move old segments to tiered storage", default=False
    )
    kafka_retention_hours: int = variable(
        read.whole_number(1, 876_000),
        "Hours for which a topic keeps records when it says nothing of it; serverless brokers have their own",
        default=168,
    )
    replication_factor: int = variable(
        read.whole_number(1, 5), "Copies of each partition of a topic that a user makes", default=3
    )
    min_insync_replicas: int = variable(
        read.whole_number(1, 4),
        "Copies that must have a record before it is acknowledged; one less than there are, at most;"
        " serverless brokers have their own",
        default=2,
    )
    msk_public_access: bool = variable(
        read.truth,
        "`true`: brokers can be reached from the internet; a second deployment, with `msk_cluster_arn`",
        default=False,
    )
    msk_cluster_arn: str = variable(
        read.matching(
            r"arn:[a-z-]+:kafka:[a-z0-9-]+:[0-9]{12}:cluster/[a-z0-9-]+/[0-9a-f-]+",
            "must be the ARN of the cluster, which the first deployment prints",
        ),
        "ARN of the cluster that is there, without which no public access is asked for",
        default="",
    )
    kafka_allowed_cidrs: tuple[str, ...] = variable(
        # A rule for each of two ports, of the 60 of a security group.
        read.several(read.any_network, most=25),
        "Networks, with commas between, from which brokers may be reached: through the VPC, as by VPN or a"
        " direct line, and with `msk_public_access` over the internet; at most 25",
        default=(),
    )
    kafka_open_reason: str = variable(
        read.matching(r"[^\n]{10,200}", "must be 10 to 200 characters on one line"),
        "Why brokers may be reached from the whole internet or more than a /8 of it, where they may",
        default="",
    )
    kafka_monitoring: str = variable(
        read.choice(_LEVELS, _PER_TOPIC),
        "Level of MSK's metrics; serverless brokers have their own",
        default="default",
    )
    open_monitoring: bool = variable(
        read.truth,
        "`true`: Prometheus may read the brokers' metrics from `kafka_allowed_cidrs`; not with public access,"
        " nor of serverless brokers",
        default=False,
    )
