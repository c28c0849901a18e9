"""Who reaches the brokers over the network; what he may do there IAM says."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

PORT = 9098
"""At which MSK takes IAM's signatures, inside the VPC."""
PUBLIC_PORT = 9198
"""The same, at the brokers' public addresses."""
_EXPORTERS = (11001, 11002)
"""At which Prometheus reads metrics: JMX and node exporter."""


class BrokerAccess(Construct):
    """A security group: its members reach one another, and the allowed networks the brokers.

    Whoever else is to reach brokers is let in where he is made. MSK never changes the group of a cluster,
    so nothing here may ever replace it: not its description, nor its name, nor its VPC.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc: ec2.IVpc,
        public: bool,
        open_monitoring: bool,
        allowed_cidrs: Sequence[str],
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            public: whether the allowed networks come over the internet too, beside peering, VPN or a direct
                line: brokers keep their private addresses, and who used them goes on doing so.
            open_monitoring: whether they may read metrics, too.
        """
        super().__init__(scope, id_)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Kafka brokers",
            allow_all_outbound=False,
        )
        self.security_group.apply_removal_policy(removal_policy)
        # Lambda's pollers stand in the group of the cluster that they poll. As resources of their own, since
        # a group cannot refer to itself; the library would name them by the stack, and so by the institution.
        group, about = self.security_group.security_group_id, "Brokers and Lambda's pollers"
        ec2.CfnSecurityGroupIngress(
            self,
            "FromMembers",
            group_id=group,
            source_security_group_id=group,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            description=about,
        )
        ec2.CfnSecurityGroupEgress(
            self,
            "ToMembers",
            group_id=group,
            destination_security_group_id=group,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            description=about,
        )
        ports = [ec2.Port.tcp(PORT)]
        if public:
            ports.append(ec2.Port.tcp(PUBLIC_PORT))
        if open_monitoring:
            ports.append(ec2.Port.tcp_range(*_EXPORTERS))
        for cidr in allowed_cidrs:
            for port in ports:
                self.security_group.add_ingress_rule(ec2.Peer.ipv4(cidr), port, "kafka_allowed_cidrs")
