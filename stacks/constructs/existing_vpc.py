"""A VPC that somebody else made."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Annotations, Fn
from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class ExistingVpc(Construct):
    """That VPC and its subnets by their ids. Nothing is looked up, made or changed in it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc_id: str,
        public_subnet_ids: Sequence[str],
        private_subnet_ids: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        zones = max(len(public_subnet_ids), len(private_subnet_ids))
        self.vpc = ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=vpc_id,
            # The library wants names; which zones the subnets are in stands in no template.
            availability_zones=[Fn.select(number, Fn.get_azs()) for number in range(zones)],
        )
        self.public_subnets = self._subnets("Public", public_subnet_ids)
        self.private_subnets = self._subnets("Private", private_subnet_ids)

    def _subnets(self, kind: str, ids: Sequence[str]) -> list[ec2.ISubnet]:
        return [self._subnet(f"{kind}{number}", subnet_id) for number, subnet_id in enumerate(ids, start=1)]

    def _subnet(self, id_: str, subnet_id: str) -> ec2.ISubnet:
        subnet = ec2.Subnet.from_subnet_id(self, id_, subnet_id)
        Annotations.of(subnet).acknowledge_warning(
            "@aws-cdk/aws-ec2:noSubnetRouteTableId", "No route is read or written in somebody else's VPC."
        )
        return subnet
