"""What the scripts of the first day know of the stacks, held against the stacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stacks.constructs import principal_boundary
from stacks.first_day import minutes
from stacks.first_day.checks import bootstrap, one_fabric, quotas
from stacks.first_day.left import buckets, keys, log_groups, security_groups, tables
from stacks.first_day.stacks import PARTS
from stacks.settings import Settings
from tests.infrastructure.synthesis import Made

STACK_ID = "51af3dc0-da77-11e4-872e-1234567db123"


def test_stacks_and_their_order_are_known(institutions: list[Made]) -> None:
    for made in institutions:
        manifest = json.loads((made.folder / "manifest.json").read_text())["artifacts"]
        parts = {name: made.settings.named(name) for name in PARTS if name in made.templates}
        assert set(made.templates) == set(parts), made.name
        assert list(minutes.expected(made.settings)) == list(parts), made.name
        for number, (part, stack) in enumerate(parts.items()):
            earlier = set(list(parts.values())[:number])
            needed = {each for each in manifest[stack]["dependencies"] if not each.endswith(".assets")}
            assert needed <= earlier, f"{made.name}: {part}"


def test_bootstrap_version_is_the_one_that_the_assemblies_ask_for(institutions: list[Made]) -> None:
    asked = {
        artifact["properties"].get("requiresBootstrapStackVersion", 0)
        for made in institutions
        for artifact in json.loads((made.folder / "manifest.json").read_text())["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert max(asked) == bootstrap.NEEDED_VERSION


def test_everything_that_stays_can_be_found(institutions: list[Made]) -> None:
    unknown = [
        f"{made.name}: {stack}/{logical_id} ({resource['Type']})"
        for made in institutions
        for stack, template in made.templates.items()
        for logical_id, resource in template["Resources"].items()
        if str(resource.get("DeletionPolicy", "")).startswith("Retain")
        and not _is_found(made, stack, logical_id, resource)
    ]
    assert unknown == []
    assert len({resource["Type"] for resource in _kept(institutions)}) >= 7


def _kept(institutions: list[Made]) -> Iterator[dict[str, Any]]:
    for made in institutions:
        for template in made.templates.values():
            for resource in template["Resources"].values():
                if str(resource.get("DeletionPolicy", "")).startswith("Retain"):
                    yield resource


def _is_found(made: Made, stack: str, logical_id: str, resource: dict[str, Any]) -> bool:
    settings, properties = made.settings, resource["Properties"]
    # As CloudFormation names what has no name.
    made_up = f"{settings.named(stack)}-{logical_id}-1A2B3C"
    match resource["Type"]:
        case "AWS::DynamoDB::Table":
            return properties["TableName"] in map(settings.named, tables.NAMES)
        case "AWS::S3::Bucket":
            beginning = properties["BucketName"]["Fn::Join"][1][0]
            return beginning in {f"{settings.named(name)}-" for name in buckets.NAMES}
        case "AWS::KMS::Key":
            return properties["Description"] in keys.descriptions(settings)
        case "AWS::Logs::LogGroup":
            name = properties.get("LogGroupName", made_up)
            return log_groups.is_of(
                settings.institution,
                # The id of the stack is known when it is made.
                name if isinstance(name, str) else f"{name['Fn::Join'][1][0]}{STACK_ID}",
            )
        case "AWS::MSK::Cluster" | "AWS::MSK::ServerlessCluster":
            return bool(properties["ClusterName"] == settings.cluster_name)
        case "AWS::MSK::Configuration":
            return bool(properties["Name"] == settings.named("kafka"))
        case "AWS::EC2::SecurityGroup":
            return made_up.startswith(security_groups.prefix(settings.institution))
        case _:
            return False


def test_log_groups_of_a_similar_institution_are_not_ours() -> None:
    assert log_groups.is_of("anl", "octopus-anl-service-AuthorizerLogA5E4-x")
    for name in (
        "octopus-anl-service-service-Log1-x",
        "octopus-anlx-service-Log1-x",
        "/aws/vendedlogs/octopus-anl-x-kafka",
        f"aws-waf-logs-octopus-anl-gateway-x-gateway-{STACK_ID}",
    ):
        assert not log_groups.is_of("anl", name)


@pytest.mark.parametrize("similar", ["anl-credentials", "anl-alarms"])
def test_keys_of_a_similar_institution_are_not_ours(similar: str) -> None:
    ours, theirs = (
        keys.descriptions(Settings.from_context({"institution": institution}))
        for institution in ("anl", similar)
    )
    assert len(ours | theirs) == 6


def test_users_and_their_tag_are_those_of_the_stacks(institutions: list[Made]) -> None:
    assert one_fabric.USERS_PATH == principal_boundary.PATH
    with_users = [made for made in institutions if made.settings.credentials == "iam-user"]
    assert with_users
    assert all(one_fabric.FABRIC_TAG in json.dumps(made.templates["foundation"]) for made in with_users)


def test_topic_of_alarms_has_the_name_that_preflight_asks_for(institutions: list[Made]) -> None:
    for made in institutions:
        topics = [
            resource["Properties"]["TopicName"]
            for resource in made.templates["foundation"]["Resources"].values()
            if resource["Type"] == "AWS::SNS::Topic"
        ]
        assert topics == [made.settings.named("alarms")]


def test_image_is_built_within_the_quota_that_preflight_asks_for(institutions: list[Made]) -> None:
    built = [made for made in institutions if made.settings.in_fargate and made.settings.image == "codebuild"]
    assert built
    for made in built:
        (project,) = [
            resource["Properties"]["Environment"]
            for resource in made.templates["hosting"]["Resources"].values()
            if resource["Type"] == "AWS::CodeBuild::Project"
        ]
        assert (project["Type"], project["ComputeType"]) == ("ARM_CONTAINER", "BUILD_GENERAL1_SMALL")
        names = [need.name for need in quotas.needs(made.settings)]
        assert "Concurrently running builds for ARM/Small environment" in names
