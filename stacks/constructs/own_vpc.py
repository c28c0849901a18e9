"""A VPC of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct


class OwnVpc(Construct):
    """A public and a private subnet in each zone, both with ways to S3 and DynamoDB that cost nothing.

    The layout is the same with and without NAT, so that NAT can come and go in place. What is turned away
    at an interface is logged.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        cidr: str,
        zones: int,
        zone_ids: Sequence[str],
        nat_gateways: int,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            zone_ids: one a zone; none: the region's first ones.
            nat_gateways: that private subnets share; 0: they have no way to the internet.
        """
        super().__init__(scope, id_)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            availability_zones=[Fn.select(number, Fn.get_azs()) for number in range(zones)],
            nat_gateways=nat_gateways,
            subnet_configuration=[
                # Who needs a public address asks for it.
                ec2.SubnetConfiguration(
                    name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(
                    name="Private",
                    subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
                    if nat_gateways
                    else ec2.SubnetType.PRIVATE_ISOLATED,
                ),
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
            # Emptying the default group takes a function of the library's; nothing here is in that group.
            restrict_default_security_group=False,
        )
        self.public_subnets: Sequence[ec2.ISubnet] = self.vpc.public_subnets
        self.private_subnets: Sequence[ec2.ISubnet] = (
            self.vpc.private_subnets if nat_gateways else self.vpc.isolated_subnets
        )
        inside = self.vpc.node.find_all()
        self.nat_gateways = tuple(each.ref for each in inside if isinstance(each, ec2.CfnNatGateway))
        """By their ids."""
        for subnets in (self.public_subnets, self.private_subnets):
            for zone_id, subnet in zip(zone_ids, subnets, strict=False):
                # The name of a zone means another one in each account; only its id is the same everywhere.
                made = cast("ec2.CfnSubnet", subnet.node.default_child)
                made.availability_zone = None
                made.availability_zone_id = zone_id

        self.rejections = logs.LogGroup(
            self, "Rejections", retention=log_retention, removal_policy=removal_policy
        )
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(self.rejections),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
