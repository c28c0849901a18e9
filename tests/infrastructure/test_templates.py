"""What holds for every template, whoever installs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings
from tests.infrastructure.conftest import CAMPUS, ROOT, Templates, synthesize
from tests.infrastructure.intrinsics import resolve
from tests.infrastructure.synthesis import FILES, Made, flags, make

EMULATOR_TYPES = frozenset((Path(__file__).parent / "emulator-types.txt").read_text().split())

ORDER = ("network", "kafka", "foundation", "hosting", "service", "monitoring", "protection", "budget")
"""A stack refers to those before it."""

STATEFUL = {
    "foundation": {
        "AlarmsKey3C2381B3": "AWS::KMS::Key",
        "ArchiveBucket49F1AC64": "AWS::S3::Bucket",
        "CredentialStoreCredentialsTableC7154336": "AWS::DynamoDB::Table",
        "CredentialStoreKey99CCB195": "AWS::KMS::Key",
        "LogsBucket5C52C3D2": "AWS::S3::Bucket",
        "RegistryTableDB777839": "AWS::DynamoDB::Table",
    },
    "kafka": {
        "AuthorizerLogsBucket1D339ECD": "AWS::S3::Bucket",
        "ClusterEB0386A7": "AWS::MSK::Cluster",
        "ClusterKeyB247D7DD": "AWS::KMS::Key",
        "Configuration6A36F2CE": "AWS::MSK::Configuration",
    },
}
"""A new logical id means a new, empty resource: change one only with a way to carry its data over."""
SERVERLESS = {"Serverless54B8191B": "AWS::MSK::ServerlessCluster"}
"""What the stack of brokers holds instead, where AWS owns the brokers."""
KINDS = {kind for stack in STATEFUL.values() for kind in stack.values()} | {*SERVERLESS.values()}
LOG_BUCKETS = {"LogsBucket5C52C3D2", "AuthorizerLogsBucket1D339ECD"}
"""AWS writes each of their objects once, and they expire: nothing to keep versions of."""
LONGEST = {
    "AWS::CodeBuild::Project": ("Name", 150),
    "AWS::DynamoDB::Table": ("TableName", 255),
    "AWS::ECS::Cluster": ("ClusterName", 255),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name", 32),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name", 32),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", 128),
    "AWS::IAM::Role": ("RoleName", 64),
    "AWS::IAM::User": ("UserName", 64),
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::MSK::Cluster": ("ClusterName", 64),
    "AWS::MSK::ServerlessCluster": ("ClusterName", 64),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::WAFv2::WebACL": ("Name", 128),
}
"""Names that we give, and the characters that AWS takes."""


@pytest.fixture(params=FILES)
def made(request: pytest.FixtureRequest, institutions: list[Made]) -> Made:
    """Each institution's in turn."""
    return next(each for each in institutions if each.name == request.param)


def resources(made: Made, *kinds: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield stack, logical id and resource; of some types, where any are named."""
    for stack, template in made.templates.items():
        for name, resource in template["Resources"].items():
            if not kinds or resource["Type"] in kinds:
                yield stack, name, resource


def texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each text in a template with the keys that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, path)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts(each, (*path, key))


def test_stacks_are_those_that_the_settings_ask_for(made: Made) -> None:
    settings = made.settings
    asked = {
        "network": settings.on_msk or settings.in_fargate,
        "kafka": settings.on_msk,
        "foundation": True,
        "hosting": settings.in_fargate,
        "service": True,
        "monitoring": True,
        "protection": settings.waf,
        "budget": settings.budget_usd > 0,
    }
    assert set(made.templates) == {stack for stack, wanted in asked.items() if wanted}


def test_no_partition_is_written_out(made: Made) -> None:
    given = {made.settings.certificate_arn, made.settings.msk_cluster_arn}
    for stack, name, resource in resources(made):
        for path, text in texts(resource.get("Properties", {})):
            ours = re.sub("|".join(map(re.escape, filter(None, given))) or "$", "", text)
            assert re.search(r"arn:aws[a-z-]*:", ours) is None, (stack, name, path, text)
            # AWS's services are named so in every partition, and so are the roles that they make themselves.
            if "amazonaws.com" in text and "/aws-service-role/" not in text:
                assert "Principal" in path or path[-1] == "iam:PassedToService", (stack, name, path, text)
                assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)?\.amazonaws\.com", text), (stack, name, text)


def test_stateful_resources_keep_their_logical_ids(made: Made) -> None:
    for stack in made.templates:
        found = {name: kind["Type"] for where, name, kind in resources(made, *KINDS) if where == stack}
        expected = STATEFUL.get(stack, {})
        if stack == "kafka" and made.settings.kafka == "msk-serverless":
            expected = SERVERLESS
        assert found == expected


def test_ids_do_not_carry_the_institution(made: Made) -> None:
    squeezed = re.sub(r"[^a-z0-9]", "", made.settings.institution)
    # What the library names by the path of the other side, and what holds nothing.
    sides = ("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress", "AWS::Lambda::Permission")
    for stack, name, resource in resources(made):
        assert squeezed not in name.lower() or resource["Type"] in sides, (stack, name)


def test_data_and_logs_are_kept(made: Made) -> None:
    assert not made.settings.allow_data_loss
    for stack, name, resource in resources(made, *KINDS, "AWS::Logs::LogGroup"):
        # A resource whose own creation failed is the one that goes: it holds nothing.
        policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
        # What the function of the monitoring stack found is in metrics and in the registry.
        kept = ("Delete", "Delete") if stack == "monitoring" else ("RetainExceptOnCreate", "Retain")
        assert policies == kept, (stack, name)


def test_nothing_is_kept_where_the_loss_of_data_is_allowed(tmp_path: Path) -> None:
    lost = make("everything", tmp_path, allow_data_loss=True)
    kept = [
        (stack, name)
        for stack, name, resource in resources(lost)
        if "Retain" in str(resource.get("DeletionPolicy"))
    ]
    assert kept == []


def test_references_go_one_way(made: Made) -> None:
    stacks = {made.settings.named(stack): place for place, stack in enumerate(ORDER)}
    for stack, template in made.templates.items():
        for path, text in texts(template):
            if path[-2:] == ("Fn::GetStackOutput", "StackName"):
                assert stacks[text] < ORDER.index(stack)
            # An export that is imported cannot change or go any more: that is for the brokers' network alone.
            if path[-1] == "Fn::ImportValue":
                assert (stack, text.split(":")[0]) == ("kafka", made.settings.named("network"))


def test_log_groups_forget(made: Made) -> None:
    for stack, name, log in resources(made, "AWS::Logs::LogGroup"):
        assert log["Properties"]["RetentionInDays"] == made.settings.log_retention_days, (stack, name)


def test_buckets_are_private_encrypted_versioned_and_take_tls_only(made: Made) -> None:
    policies = {
        resource["Properties"]["Bucket"]["Ref"]: resource["Properties"]["PolicyDocument"]["Statement"]
        for _, _, resource in resources(made, "AWS::S3::BucketPolicy")
    }
    for _, name, bucket in resources(made, "AWS::S3::Bucket"):
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert properties["BucketEncryption"]
        assert "LifecycleConfiguration" in properties
        if name not in LOG_BUCKETS:
            assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
            assert properties["LoggingConfiguration"]
        refused = [
            statement
            for statement in policies[name]
            if statement["Effect"] == "Deny"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        assert [(each["Action"], each["Principal"]) for each in refused] == [("s3:*", {"AWS": "*"})]


def test_tables_can_be_restored_to_any_second(made: Made) -> None:
    for _, name, table in resources(made, "AWS::DynamoDB::Table"):
        properties = table["Properties"]
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert properties["DeletionProtectionEnabled"] is True, name


def test_keys_are_rotated(made: Made) -> None:
    for _, name, key in resources(made, "AWS::KMS::Key"):
        assert key["Properties"]["EnableKeyRotation"] is True, name


def test_every_role_has_the_path_and_the_boundary_that_the_account_asks_for(made: Made) -> None:
    bound = made.settings.role_permissions_boundary
    for stack, name, role in resources(made, "AWS::IAM::Role"):
        properties = role["Properties"]
        assert properties.get("Path", "/") == made.settings.role_path, (stack, name)
        given = json.dumps(properties.get("PermissionsBoundary", ""))
        assert given.endswith(f':policy/{bound}"]]}}') if bound else given == '""', (stack, name)


def test_names_are_no_longer_than_aws_takes(made: Made) -> None:
    for stack, name, resource in resources(made, *LONGEST):
        key, longest = LONGEST[resource["Type"]]
        given = resource.get("Properties", {}).get(key)
        if given is not None:
            text = resolve(given, made.templates[stack]["Resources"]).replace("us-east-1", "ap-southeast-2")
            assert len(text) <= longest, (stack, name, text)
            assert text.startswith(made.settings.named("")) or text == made.settings.cluster_name, (
                stack,
                name,
            )


def test_everything_that_can_be_tagged_is(institutions: list[Made]) -> None:
    made = next(each for each in institutions if each.name == "everything")
    for stack, name, resource in resources(made, *KINDS - {"AWS::MSK::Configuration"}, "AWS::IAM::Role"):
        tags = resource["Properties"]["Tags"]
        found = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        assert found.items() >= dict(made.settings.tags).items(), (stack, name)


def test_stacks_carry_the_institution(local: Templates, campus: Templates) -> None:
    always = ("foundation", "service", "monitoring")
    assert set(local) == {f"octopus-local-{stack}" for stack in always}
    assert set(campus) == {f"octopus-anl-{stack}" for stack in always}


def test_one_machine_s_types_are_those_of_the_emulator(local: Templates) -> None:
    kinds = {resource["Type"] for template in local.values() for resource in template["Resources"].values()}
    assert kinds <= EMULATOR_TYPES


def test_termination_is_protected_unless_data_may_be_lost() -> None:
    for allow, protected in (("false", True), ("true", False)):
        settings = Settings.from_context({**CAMPUS, "allow_data_loss": allow})
        app = cdk.App(context=flags())
        assert FoundationStack(app, "foundation", settings=settings).termination_protection is protected


def test_the_templates_of_one_context_are_always_the_same(campus: Templates) -> None:
    assert synthesize(CAMPUS) == campus


def test_every_function_is_installed_by_the_construct_of_its_name() -> None:
    functions = {
        folder.name for folder in (ROOT / "lambda_src").iterdir() if (folder / "handler.py").is_file()
    }
    installing = {
        path.stem
        for path in (ROOT / "stacks" / "constructs").glob("*.py")
        if "lambda_src" in path.read_text()
    }
    assert functions == installing


def test_infrastructure_imports_nothing_that_runs_in_it() -> None:
    for path in (ROOT / "stacks").rglob("*.py"):
        assert (
            re.search(r"^\s*(?:from|import) (?:octopus|lambda_src|service_src)\b", path.read_text(), re.M)
            is None
        )


def test_cdk_json_holds_no_variable_of_ours() -> None:
    content = json.loads((ROOT / "cdk.json").read_text())
    assert set(content) == {"app", "context"}
    assert all(":" in name for name in content["context"])
