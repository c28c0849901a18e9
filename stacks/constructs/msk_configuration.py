"""What brokers of Amazon MSK are told."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_msk as msk
from constructs import Construct

_COMMON = frozenset({"auto.create.topics.enable", "log.retention.ms", "replica.selector.class"})
_SETTABLE = {
    "msk-standard": _COMMON
    | {"default.replication.factor", "min.insync.replicas", "unclean.leader.election.enable"},
    # The first three are Express's own there, and right: 3, 2 and false.
    "msk-express": _COMMON | {"log.message.timestamp.before.max.ms"},
}
"""What a configuration may hold, by kind of broker; MSK refuses one that holds anything else.

``allow.everyone.if.no.acl.found`` stays as MSK has it, in both: brokers take IAM's signatures alone, whose
holders no ACL concerns, and ``false`` without ACLs is documented to lock clients out.

Source: Amazon MSK Developer Guide, "Custom Amazon MSK configurations" and "Custom MSK Express broker
configurations".
"""


def server_properties(
    kafka: str, *, replication_factor: int, min_insync_replicas: int, retention_hours: int
) -> str:
    """Return the properties of brokers of that kind, a line for each."""
    wanted = {
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(replication_factor),
        # Kafka's own default. Express turns away what is a day old: a replay, or what a ship brings home.
        "log.message.timestamp.before.max.ms": str((1 << 63) - 1),
        "log.retention.ms": str(retention_hours * 3_600_000),
        "min.insync.replicas": str(min_insync_replicas),
        # Who says in which zone he is reads the copy there, and pays for no traffic between zones.
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        "unclean.leader.election.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in wanted.items() if name in _SETTABLE[kafka])


class MskConfiguration(Construct):
    """One configuration, revised in place.

    It names no versions of Kafka, since another list would replace it under a cluster that uses it.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, properties: str, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        configuration = msk.CfnConfiguration(self, "Resource", name=name, server_properties=properties)
        configuration.apply_removal_policy(removal_policy)
        self.arn = configuration.attr_arn
        self.revision = configuration.attr_latest_revision_revision
        """The latest: a revision that is written down would never be left."""
