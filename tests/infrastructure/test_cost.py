"""The bill is of what the stacks make: each type of resource, and as many of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stacks.cost import bill, brokers, gateway, heartbeat, hosting, load, network, state, watching
from stacks.cost.resources import FREE, PRICED
from stacks.monitoring import own
from tests.infrastructure.synthesis import Made

PARTS = {part.PART for part in (brokers, gateway, heartbeat, hosting, network, state, watching)}


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
        looked_at = [_metrics(alarm) for alarm in _all(made, "AWS::CloudWatch::Alarm")]
        assert watching.alarms(settings) == sum(map(len, looked_at)), made.name
        assert _count(made, "AWS::CloudWatch::Dashboard") == 1, made.name
        scaled = [policy["PolicyType"] for policy in _all(made, "AWS::ApplicationAutoScaling::ScalingPolicy")]
        assert set(scaled) <= {"TargetTrackingScaling"}
        assert bool(watching.scaling_alarms(settings)) == bool(scaled), made.name
        for acl in _all(made, "AWS::WAFv2::WebACL"):
            assert len(acl["Rules"]) == gateway.WAF_RULES


def _metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics that an alarm stands on: its one, or those that its expressions are made of."""
    if "MetricName" in alarm:
        return [alarm]
    return [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]


def test_metrics_of_our_own_that_alarms_and_the_dashboard_show_are_paid_for(
    institutions: list[Made],
) -> None:
    shown: set[str] = set()
    for made in institutions:
        settings = made.settings
        paid = own.emitted(settings)
        ours = f"Octopus/{settings.institution}"
        alarming = {
            metric["MetricName"]
            for alarm in _all(made, "AWS::CloudWatch::Alarm")
            for metric in _metrics(alarm)
            if metric["Namespace"] == ours
        }
        (dashboard,) = _all(made, "AWS::CloudWatch::Dashboard")
        written = "".join(each for each in dashboard["DashboardBody"]["Fn::Join"][1] if isinstance(each, str))
        drawn = set(re.findall(rf'"{ours}","(\w+)"', written))
        assert alarming | drawn <= paid, made.name
        shown |= alarming | drawn
    assert len(shown) > 15


def test_heartbeat_is_paid_for_as_it_is_made(institutions: list[Made]) -> None:
    for made in institutions:
        idle = load.of({"events-per-second": "0", "users": "0"}, made.settings)
        lines = {line.what for line in bill.of(made.settings, idle).lines}
        schedules = [rule for rule in _all(made, "AWS::Events::Rule") if "ScheduleExpression" in rule]
        assert [rule["ScheduleExpression"] for rule in schedules] == ["rate(1 minute)"] * len(schedules)
        assert ("calls of its function" in lines) == bool(schedules), made.name


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
