"""The network that brokers and web service share: one of our own, or somebody else's."""

from __future__ import annotations

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks import lifetime
from stacks.constructs.broker_access import BrokerAccess
from stacks.constructs.existing_vpc import ExistingVpc
from stacks.constructs.network import Network
from stacks.constructs.own_vpc import OwnVpc
from stacks.settings import Settings


class NetworkStack(Stack):
    """Where everything stands. Protected against termination as long as brokers may be in it."""

    def __init__(
        self, scope: Construct, id_: str, *, settings: Settings, env: Environment | None = None
    ) -> None:
        super().__init__(
            scope,
            id_,
            env=env,
            description=f"Octopus {settings.institution}: network",
            termination_protection=not settings.allow_data_loss,
        )
        by_nat = settings.in_fargate and settings.egress == "nat"
        place: ExistingVpc | OwnVpc
        if settings.vpc_id:
            place = ExistingVpc(
                self,
                "Existing",
                vpc_id=settings.vpc_id,
                public_subnet_ids=settings.public_subnet_ids,
                private_subnet_ids=settings.private_subnet_ids,
            )
        else:
            place = OwnVpc(
                self,
                "Own",
                cidr=settings.vpc_cidr,
                zones=settings.zones,
                zone_ids=settings.zone_ids,
                nat_gateways=settings.nat_gateways if by_nat else 0,
                log_retention=lifetime.of_logs(settings),
                removal_policy=lifetime.of_data(settings),
            )
        access = BrokerAccess(
            self,
            "BrokerAccess",
            vpc=place.vpc,
            public=settings.msk_public_access,
            open_monitoring=settings.open_monitoring,
            allowed_cidrs=settings.kafka_allowed_cidrs,
            removal_policy=lifetime.of_data(settings),
        )
        subnets = {"public": place.public_subnets, "private": place.private_subnets}
        self.nat_gateways = place.nat_gateways if isinstance(place, OwnVpc) else ()
        """Ids of those that are made."""
        self.network = Network(
            vpc=place.vpc,
            broker_subnets=subnets[settings.broker_subnets],
            broker_access=access.security_group,
            task_subnets=subnets["public" if settings.egress == "public-address" else "private"],
            tasks_have_public_address=settings.egress == "public-address",
            balancer_subnets=place.private_subnets,
        )
