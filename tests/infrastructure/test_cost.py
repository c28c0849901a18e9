"""The bill is of what the stacks make: each type of resource, and as many of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stacks.cost import bill, brokers, gateway, hosting, load, network, state, watching
from stacks.cost.resources import FREE, PRICED
from tests.infrastructure.synthesis import Made

PARTS = {part.PART for part in (brokers, gateway, hosting, network, state, watching)}


def _all(made: Made, *types: str) -> Iterator[dict[str, Any]]:
    for template in made.templates.values():
        for resource in template["Resources"].values():
            if resource["Type"] in types:
                yield resource["Properties"]


def _count(made: Made, *types: str) -> int:
    return len(list(_all(made, *types)))


def test_every_type_of_resource_is_priced_or_free_for_a_reason(institutions: list[Made]) -> None:
    there = {
        resource["Type"]
        for made in institutions
        for template in made.templates.values()
        for resource in template["Resources"].values()
    }
    assert there - PRICED.keys() - FREE.keys() == set()
    assert PRICED.keys() & FREE.keys() == set()
    assert set(PRICED.values()) <= PARTS


def test_as_many_are_paid_for_as_the_templates_hold(institutions: list[Made]) -> None:
    for made in institutions:
        settings = made.settings
        assert network.nat_gateways(settings) == _count(made, "AWS::EC2::NatGateway"), made.name
        assert network.nat_gateways(settings) == _count(made, "AWS::EC2::EIP"), made.name
        assert state.keys(settings) == _count(made, "AWS::KMS::Key"), made.name
        assert watching.alarms(settings) == _count(made, "AWS::CloudWatch::Alarm"), made.name
        scaled = [policy["PolicyType"] for policy in _all(made, "AWS::ApplicationAutoScaling::ScalingPolicy")]
        assert set(scaled) <= {"TargetTrackingScaling"}
        assert bool(watching.scaling_alarms(settings)) == bool(scaled), made.name
        for acl in _all(made, "AWS::WAFv2::WebACL"):
            assert len(acl["Rules"]) == gateway.WAF_RULES


def test_sizes_that_are_paid_for_are_those_of_the_templates(institutions: list[Made]) -> None:
    for made in institutions:
        idle = load.of({"events-per-second": "0"}, made.settings)
        lines = {line.what: line.quantity for line in bill.of(made.settings, idle).lines}
        for cluster in _all(made, "AWS::MSK::Cluster"):
            nodes, group = cluster["NumberOfBrokerNodes"], cluster["BrokerNodeGroupInfo"]
            assert lines[f"{nodes} x {group['InstanceType']}"] == nodes * 730, made.name
            if "StorageInfo" in group:
                gib = group["StorageInfo"]["EBSStorageInfo"]["VolumeSize"]
                assert lines["storage, as given"] == nodes * gib, made.name
            assert ("tiered storage" in lines) == (cluster.get("StorageMode") == "TIERED"), made.name
        for task in _all(made, "AWS::ECS::TaskDefinition"):
            named = f"tasks in Fargate{' Spot' if made.settings.service_spot else ''}"
            tasks = made.settings.service_replicas * 730
            assert lines[f"{named}, CPU"] == tasks * int(task["Cpu"]) / 1024, made.name
            assert lines[f"{named}, memory"] == tasks * int(task["Memory"]) / 1024, made.name
        assert ("serverless cluster" in lines) == bool(_count(made, "AWS::MSK::ServerlessCluster")), made.name
