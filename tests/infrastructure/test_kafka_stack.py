"""What the brokers of Amazon MSK are, of each kind."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import Settings
from tests.infrastructure.conftest import synthesize
from tests.infrastructure.intrinsics import resolve
from tests.infrastructure.msk import CLUSTER, PUBLIC, Msk, made

STANDARD: dict[str, object] = {}
EXPRESS: dict[str, object] = {"kafka": "msk-express"}
SERVERLESS: dict[str, object] = {"kafka": "msk-serverless"}
KEPT = ("RetainExceptOnCreate", "Retain")

with_brokers_of_a_size = pytest.mark.parametrize("kind", [STANDARD, EXPRESS], ids=["standard", "express"])


def server_properties(msk: Msk) -> dict[str, str]:
    """Return what the configuration tells the brokers."""
    text = msk.only("MSK::Configuration")["Properties"]["ServerProperties"]
    return dict(line.split("=") for line in text.splitlines())


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return the paths at which two clusters differ, to the depth at which MSK has an update for each."""
    flat = [
        {
            **{name: value for name, value in cluster.items() if name != "BrokerNodeGroupInfo"},
            **{
                f"BrokerNodeGroupInfo.{name}": value for name, value in cluster["BrokerNodeGroupInfo"].items()
            },
        }
        for cluster in (before, after)
    ]
    return {name for name in {*flat[0], *flat[1]} if flat[0].get(name) != flat[1].get(name)}


@with_brokers_of_a_size
def test_brokers_take_iams_signatures_over_tls_and_nothing_else(kind: dict[str, object]) -> None:
    cluster = made(**kind).cluster
    assert cluster["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}},
        "Unauthenticated": {"Enabled": False},
    }
    assert cluster["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}


@with_brokers_of_a_size
def test_records_are_encrypted_by_a_key_of_their_own_that_rotates(kind: dict[str, object]) -> None:
    msk = made(**kind)
    (name, key), *others = msk.all("KMS::Key").items()
    assert others == []
    assert key["Properties"]["EnableKeyRotation"] is True
    at_rest = msk.cluster["EncryptionInfo"]["EncryptionAtRest"]["DataVolumeKMSKeyId"]
    assert at_rest == {"Fn::GetAtt": [name, "Arn"]}


def test_standard_brokers_are_told_what_keeps_records_safe() -> None:
    assert server_properties(made(kafka_retention_hours=24)) == {
        "auto.create.topics.enable": "false",
        "default.replication.factor": "3",
        "log.retention.ms": "86400000",
        "min.insync.replicas": "2",
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        "unclean.leader.election.enable": "false",
    }


def test_express_brokers_are_told_nothing_that_they_decide_themselves() -> None:
    assert server_properties(made(**EXPRESS)) == {
        "auto.create.topics.enable": "false",
        # Its default there is one day, beyond which a replay is turned away.
        "log.message.timestamp.before.max.ms": "9223372036854775807",
        "log.retention.ms": "604800000",
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
    }


@with_brokers_of_a_size
def test_brokers_get_each_revision_of_their_configuration_and_it_is_never_replaced(
    kind: dict[str, object],
) -> None:
    msk = made(**kind)
    ((name, configuration),) = msk.all("MSK::Configuration").items()
    assert msk.cluster["ConfigurationInfo"] == {
        "Arn": {"Fn::GetAtt": [name, "Arn"]},
        "Revision": {"Fn::GetAtt": [name, "LatestRevision.Revision"]},
    }
    # CloudFormation replaces one whose name or versions change.
    assert set(configuration["Properties"]) == {"Name", "ServerProperties"}
    assert configuration["Properties"]["Name"] == "octopus-anl-kafka"


def test_standard_brokers_have_storage_and_express_brokers_do_not() -> None:
    storage = made().cluster["BrokerNodeGroupInfo"]["StorageInfo"]
    assert storage == {"EBSStorageInfo": {"VolumeSize": 100}}
    assert "StorageInfo" not in made(**EXPRESS).cluster["BrokerNodeGroupInfo"]
    assert "StorageMode" not in made().cluster
    assert made(tiered_storage=True).cluster["StorageMode"] == "TIERED"


def test_storage_grows_to_its_bound_and_never_shrinks() -> None:
    msk = made()
    (cluster,) = msk.all("MSK::Cluster")
    ((name, target),) = msk.all("ApplicationAutoScaling::ScalableTarget").items()
    # No role: AWS has one of its own for this.
    assert target["Properties"] == {
        "ServiceNamespace": "kafka",
        "ScalableDimension": "kafka:broker-storage:VolumeSize",
        "ResourceId": {"Fn::GetAtt": [cluster, "Arn"]},
        "MinCapacity": 100,
        "MaxCapacity": 1000,
    }
    policy = msk.only("ApplicationAutoScaling::ScalingPolicy")["Properties"]
    assert policy["ScalingTargetId"] == {"Ref": name}
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "KafkaBrokerStorageUtilization"},
        "TargetValue": 60,
        "DisableScaleIn": True,
    }


@pytest.mark.parametrize("variables", [{"broker_storage_most_gib": 0}, EXPRESS], ids=["fixed", "express"])
def test_storage_does_not_grow_where_it_is_fixed_or_not_ours(variables: dict[str, object]) -> None:
    assert not made(**variables).all("ApplicationAutoScaling::ScalableTarget")


@with_brokers_of_a_size
def test_what_brokers_log_is_kept_for_as_long_as_logs_are(kind: dict[str, object]) -> None:
    msk = made(**kind, log_retention_days=90)
    logging = msk.cluster["LoggingInfo"]
    group = msk.kafka["Resources"][logging["BrokerLogs"]["CloudWatchLogs"]["LogGroup"]["Ref"]]["Properties"]
    assert group == {"LogGroupName": "/aws/vendedlogs/octopus-anl-kafka", "RetentionInDays": 90}
    authorizer = logging["AuthorizerLogs"]["S3"]
    bucket = msk.kafka["Resources"][authorizer["Bucket"]["Ref"]]["Properties"]
    assert authorizer["Prefix"] == "authorizer"
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 90


def test_only_delivery_of_this_accounts_logs_writes_to_their_bucket() -> None:
    msk = made()
    (policy_id,) = msk.all("S3::BucketPolicy")
    statements = msk.only("S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert {action for each in allowed for action in [each["Action"]] if isinstance(action, str)} == {
        "s3:PutObject"
    }
    for statement in allowed:
        assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    # MSK refuses a bucket that it may not write to when the cluster is made.
    assert policy_id in msk.only("MSK::Cluster")["DependsOn"]


def test_metrics_are_of_the_level_that_is_asked_for_and_prometheus_reads_them_on_request() -> None:
    monitored = made(kafka_monitoring="default", open_monitoring=True, kafka_allowed_cidrs="10.0.0.0/8")
    for cluster, level, exported in (
        (made().cluster, "PER_BROKER", False),
        (monitored.cluster, "DEFAULT", True),
    ):
        assert cluster["EnhancedMonitoring"] == level
        assert cluster["OpenMonitoring"]["Prometheus"] == {
            "JmxExporter": {"EnabledInBroker": exported},
            "NodeExporter": {"EnabledInBroker": exported},
        }


def test_public_access_is_a_second_deployment_whose_command_the_first_one_prints(tmp_path: Path) -> None:
    file = tmp_path / "the lab's.toml"
    file.write_text('kafka_allowed_cidrs = ["192.0.2.0/24", "198.51.100.0/24"]\nbroker_count = 6\n')
    first = {
        "settings_file": str(file),
        "broker_subnets": "public",
        "msk_public_access": "false",
        "kafka_open_reason": "People come from everywhere.",
    }
    output = made(**first).kafka["Outputs"]["PublicAccessCommand"]["Value"]["Fn::Join"]
    arn = str(PUBLIC["msk_cluster_arn"])
    printed = output[0].join(part if isinstance(part, str) else arn for part in output[1])
    words = shlex.split(printed)
    assert words[:4] == ["npx", "cdk", "deploy", "--all"]
    assert set(words[4::2]) == {"-c"}
    # Nothing but what is printed makes the same fabric, and public.
    again = Settings.from_context(dict(word.split("=", 1) for word in words[5::2]))
    before = Settings.from_context({"institution": "anl", "preset": "lab", **first})
    assert again == replace(before, msk_public_access=True, msk_cluster_arn=arn)


def test_networks_that_are_not_known_yet_are_left_open_in_that_command() -> None:
    output = made(broker_subnets="public").kafka["Outputs"]["PublicAccessCommand"]["Value"]["Fn::Join"]
    assert output[1][-1].endswith(" -c kafka_allowed_cidrs=NETWORK/BITS")


@pytest.mark.parametrize(
    "variables",
    [STANDARD, PUBLIC, {**SERVERLESS, "broker_subnets": "public"}],
    ids=["private", "public", "serverless"],
)
def test_no_command_is_printed_where_there_is_no_second_deployment(variables: dict[str, object]) -> None:
    assert "PublicAccessCommand" not in made(**variables).kafka["Outputs"]


def test_no_new_cluster_is_asked_to_be_public_and_no_private_one_ever() -> None:
    def access(msk: Msk) -> object:
        return msk.cluster["BrokerNodeGroupInfo"].get("ConnectivityInfo")

    assert access(made()) is None
    assert access(made(broker_subnets="public")) == {"PublicAccess": {"Type": "DISABLED"}}
    assert access(made(**PUBLIC)) == {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"broker_count": 6}, "NumberOfBrokerNodes"),
        ({"broker_type": "kafka.m7g.xlarge"}, "BrokerNodeGroupInfo.InstanceType"),
        ({"broker_storage_gib": 200}, "BrokerNodeGroupInfo.StorageInfo"),
        ({"kafka_version": "4.1.x.kraft"}, "KafkaVersion"),
        ({"kafka_monitoring": "default"}, "EnhancedMonitoring"),
        ({"tiered_storage": True}, "StorageMode"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_variable_changes_one_thing_of_the_cluster_as_msk_wants_it(
    variables: dict[str, object], what: str
) -> None:
    after = made(**variables)
    assert changed(made().cluster, after.cluster) == {what}
    assert server_properties(after) == server_properties(made())


def test_public_access_is_all_that_its_deployment_changes_of_the_cluster() -> None:
    first = made(broker_subnets="public")
    assert changed(first.cluster, made(**PUBLIC).cluster) == {"BrokerNodeGroupInfo.ConnectivityInfo"}


def test_a_serverless_cluster_is_a_cluster_and_nothing_else() -> None:
    msk = made(**SERVERLESS)
    assert {resource["Type"] for resource in msk.kafka["Resources"].values()} == {
        "AWS::MSK::ServerlessCluster"
    }
    cluster = msk.only("MSK::ServerlessCluster")
    assert cluster["Properties"]["ClusterName"] == "octopus-anl"
    assert cluster["Properties"]["ClientAuthentication"] == {"Sasl": {"Iam": {"Enabled": True}}}
    (place,) = cluster["Properties"]["VpcConfigs"]
    assert (len(place["SubnetIds"]), len(place["SecurityGroups"])) == (3, 1)
    assert (cluster["DeletionPolicy"], cluster["UpdateReplacePolicy"]) == KEPT


def test_tags_ask_for_no_other_serverless_cluster_and_the_rest_knows_this_one_by_its_arn() -> None:
    templates = synthesize(
        {
            "institution": "anl",
            "kafka": "msk-serverless",
            "hosting": "external",
            "service_url": "https://octopus.example.org",
            "tags": "owner=beamline",
        }
    )
    made_there = templates["octopus-anl-kafka"]
    (cluster,) = made_there["Resources"].values()
    assert "Tags" not in cluster["Properties"]
    foundation = json.dumps(templates["octopus-anl-foundation"])
    assert '"owner"' in foundation
    # CloudFormation is known to join what another stack put out, not to split it.
    assert "Fn::Split" not in foundation
    told = {"StackName": "octopus-anl-kafka", "OutputName": "ClusterUuid"}
    pieces = ["arn:", {"Ref": "AWS::Partition"}, ":kafka:us-east-1:", {"Ref": "AWS::AccountId"}]
    arn = [*pieces, ":cluster/octopus-anl/", {"Fn::GetStackOutput": told}]
    assert json.dumps({"Fn::Join": ["", arn]}) in foundation
    select, (number, split) = next(iter(made_there["Outputs"]["ClusterUuid"]["Value"].items()))
    separator, _ = split["Fn::Split"]
    assert select == "Fn::Select"
    assert CLUSTER.split(separator)[number] == "3f1c0a52-7d84-4b1e-9c60-2e5a8f71b3d4-7"


def test_data_is_kept_and_stacks_are_protected() -> None:
    msk = made()
    holding = ("MSK::Cluster", "MSK::Configuration", "KMS::Key", "S3::Bucket")
    for kind in holding:
        resource = msk.only(kind)
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == KEPT
    for group in msk.all("Logs::LogGroup").values():
        assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == KEPT
    assert msk.protected == {"octopus-anl-network", "octopus-anl-kafka"}


def test_nothing_is_kept_where_data_may_be_lost() -> None:
    msk = made(allow_data_loss=True)
    policies = {
        resource.get("DeletionPolicy")
        for template in (msk.network, msk.kafka)
        for resource in template["Resources"].values()
    }
    assert policies == {None, "Delete"}
    assert msk.protected == set()


def test_the_bucket_of_logs_has_a_name_that_s3_takes() -> None:
    longest = "a" * 18
    bucket = made(institution=longest).only("S3::Bucket")["Properties"]["BucketName"]
    name = resolve(bucket, {}).removesuffix("us-east-1") + "ap-southeast-2"
    assert len(name) <= 63


@pytest.mark.parametrize(
    ("region", "acknowledged", "said"),
    [
        ("us-east-1", "", ""),
        ("eu-central-1", "", "signs for us-east-1 only"),
        ("eu-central-1", "sdk-partition", "signs for us-east-1 only"),
        ("eu-central-1", "sdk-region", ""),
        ("us-gov-west-1", "sdk-region", "knows no AWS GovCloud"),
        ("us-gov-west-1", "sdk-partition", ""),
    ],
)
def test_synth_warns_of_brokers_that_the_published_sdk_does_not_reach(
    region: str, acknowledged: str, said: str
) -> None:
    known = {"acknowledged_warnings": acknowledged} if acknowledged else {}
    warnings = made(region=region, **known).warnings
    assert [bool(re.search(said, warning)) for warning in warnings] == ([True] if said else [])
