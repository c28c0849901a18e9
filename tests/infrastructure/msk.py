"""Network and brokers alone, of few variables: quick to make, so that a test may make what it needs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from typing import Any

import aws_cdk as cdk

from stacks.kafka_stack import KafkaStack
from stacks.network_stack import NetworkStack
from stacks.settings import Settings
from tests.infrastructure.synthesis import flags

EXISTING = {
    "vpc_id": "vpc-0c4d5e6f708192a3b",
    "public_subnet_ids": "subnet-0a1b2c3d4e5f60711,subnet-0a1b2c3d4e5f60712,subnet-0a1b2c3d4e5f60713",
    "private_subnet_ids": "subnet-0a1b2c3d4e5f60721,subnet-0a1b2c3d4e5f60722,subnet-0a1b2c3d4e5f60723",
}
CLUSTER = "cluster/octopus-anl/3f1c0a52-7d84-4b1e-9c60-2e5a8f71b3d4-7"
PUBLIC = {
    "broker_subnets": "public",
    "msk_public_access": True,
    "msk_cluster_arn": f"arn:aws:kafka:us-east-1:111122223333:{CLUSTER}",
    "kafka_allowed_cidrs": "192.0.2.0/24,198.51.100.0/24",
}
"""The second deployment of brokers that are reached over the internet."""


@dataclass(frozen=True)
class Msk:
    """What variables make of them."""

    network: dict[str, Any]
    kafka: dict[str, Any]
    protected: set[str]
    """Names of the stacks that cannot be destroyed by mistake."""
    warnings: list[str]

    def only(self, kind: str) -> dict[str, Any]:
        """Return the one resource of this type, ``AWS::`` left away, that the two stacks have."""
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} of {kind}"
        return next(iter(found.values()))

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the resources of this type, by their logical ids."""
        both = {**self.network["Resources"], **self.kafka["Resources"]}
        return {name: each for name, each in both.items() if each["Type"] == f"AWS::{kind}"}

    @property
    def cluster(self) -> dict[str, Any]:
        """Properties of the cluster of brokers with a size."""
        properties: dict[str, Any] = self.only("MSK::Cluster")["Properties"]
        return properties


@cache
def made(**variables: object) -> Msk:
    """Synthesise network and brokers of the preset ``lab``, but for ``variables``. The same is made once."""
    settings = Settings.from_context({"institution": "anl", "preset": "lab", **variables})
    here = cdk.Environment(region=settings.region)
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(context=flags(), outdir=folder)
        network = NetworkStack(app, settings.named("network"), settings=settings, env=here)
        kafka = KafkaStack(app, settings.named("kafka"), settings=settings, network=network.network, env=here)
        stacks = {stack.stack_name: stack for stack in app.synth().stacks}
        return Msk(
            network=stacks[network.stack_name].template,
            kafka=stacks[kafka.stack_name].template,
            protected={name for name, stack in stacks.items() if stack.termination_protection},
            warnings=[
                str(message.entry.data)
                for stack in stacks.values()
                for message in stack.messages
                if message.level is cdk.cx_api.SynthesisMessageLevel.WARNING
            ],
        )
