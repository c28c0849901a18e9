"""``scripts/clean-failed`` against the emulator: what it finds, and above all what it leaves alone."""

from __future__ import annotations

import io
import json
import sys
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from stacks.first_day import clean_failed, preflight
from stacks.first_day.account import Account
from stacks.first_day.left import clusters
from stacks.first_day.left.leftover import Leftover
from stacks.first_day.removal import remove_stack
from stacks.first_day.stacks import Found, Standing, standing
from tests.integration.first_day.conftest import MakeAccount, words
from tests.patience import PATIENCE_S

KEYED = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def run(*more: str) -> int:
    """The command, for the institution of `EXTERNAL`."""
    return clean_failed.main([*words(), *more])


def deploy(account: Account, part: str, resources: dict[str, Any]) -> None:
    """Make a stack as the CDK does: protected before anything is made. Waits for its end, good or bad."""
    cloudformation, name = account.client("cloudformation"), account.settings.named(part)
    body = json.dumps({"Resources": resources})
    cloudformation.create_stack(StackName=name, TemplateBody=body, EnableTerminationProtection=True)
    at_work = retry_if_result(lambda status: status.endswith("_IN_PROGRESS"))
    Retrying(retry=at_work, wait=wait_fixed(0.1), stop=stop_after_delay(PATIENCE_S))(
        lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    )


def table(account: Account, what: str, *, protected: bool = True) -> str:
    """Make one of the registry's tables, outside any stack."""
    name = account.settings.named(what)
    account.client("dynamodb").create_table(TableName=name, DeletionProtectionEnabled=protected, **KEYED)
    return name


def bucket(account: Account, what: str) -> str:
    """Make one of the institution's buckets, versioned, outside any stack."""
    name = f"{account.settings.named(what)}-{account.id}-us-east-1"
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def exists(account: Account, name: str) -> bool:
    """Whether there is a table of this name."""
    return name in account.client("dynamodb").list_tables()["TableNames"]


PARAMETER: dict[str, Any] = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}
FAILING = {
    "Good": PARAMETER,
    # There is a parameter of this name, so that this one's creation fails.
    "Bad": {**PARAMETER, "Properties": {**PARAMETER["Properties"], "Name": "taken"}, "DependsOn": "Good"},
}


def test_nothing_left_ends_with_0(make_account: MakeAccount, capsys: pytest.CaptureFixture[str]) -> None:
    make_account()
    assert run("--remove", "--yes", "anl") == 0
    assert "Nothing is left" in capsys.readouterr().out


def test_failed_and_protected_stack_is_told_and_removed(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    account = make_account()
    cloudformation = account.client("cloudformation")
    deploy(account, "service", {"Good": PARAMETER})
    account.client("ssm").put_parameter(Name="taken", Value="1", Type="String")
    deploy(account, "foundation", FAILING)
    with pytest.raises(ClientError, match="TerminationProtection"):
        cloudformation.delete_stack(StackName="octopus-anl-foundation")

    preflight.main(words())
    assert "octopus-anl-foundation is ROLLBACK_COMPLETE" in capsys.readouterr().out
    assert run() == 1
    told = capsys.readouterr().out
    assert "failed    octopus-anl-foundation (ROLLBACK_COMPLETE): never came to be" in told
    assert "live      octopus-anl-service (CREATE_COMPLETE): stays" in told
    assert "scripts/clean-failed -c institution=anl" in told

    assert run("--remove", "--yes", "anl") == 0
    assert [each.name for each in standing(account)] == ["octopus-anl-service"]
    (live,) = cloudformation.describe_stacks(StackName="octopus-anl-service")["Stacks"]
    assert live["EnableTerminationProtection"] is True
    with pytest.raises(RuntimeError, match="it came to be, and stays"):
        remove_stack(account, standing(account)[0])


def test_nothing_goes_without_the_institution_s_name(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    name = table(account, "registry")
    for answer in ("", "ornl\n", "yes\n"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        assert run("--remove") == 1
    assert run("--remove", "--yes", "ornl") == 1
    assert "nothing was changed" in capsys.readouterr().out
    assert exists(account, name)
    monkeypatch.setattr(sys, "stdin", io.StringIO("anl\n"))
    assert run("--remove") == 0
    assert not exists(account, name)


def test_orphans_without_data_go_and_those_with_data_stay(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    account = make_account()
    dynamodb, s3, logs, kms = (account.client(each) for each in ("dynamodb", "s3", "logs", "kms"))
    empty_table, full_table = table(account, "registry"), table(account, "credentials")
    dynamodb.put_item(TableName=full_table, Item={"pk": {"S": "a"}})
    empty_bucket, full_bucket = bucket(account, "logs"), bucket(account, "archive")
    s3.put_object(Bucket=full_bucket, Key="a", Body=b"1")
    # A delete marker alone hides data that is there.
    s3.delete_object(Bucket=full_bucket, Key="a")
    ours, theirs = "octopus-anl-service-Log1A2B-xyz", "octopus-anl-service-foundation-Log1A2B-xyz"
    for group in (ours, theirs):
        logs.create_log_group(logGroupName=group)
    keys = [
        kms.create_key(Description=f"Encrypts the secrets in {name}")["KeyMetadata"]["KeyId"]
        for name in (full_table, "octopus-anl-aps-credentials")
    ]
    # Another institution's cluster, of the name that a table has here.
    named_alike = f"Records on the brokers of {full_table}"
    keys.append(kms.create_key(Description=named_alike)["KeyMetadata"]["KeyId"])
    assert run() == 1
    told = capsys.readouterr().out
    assert f"table  {empty_table}: holds no data" in told
    assert f"table  {full_table}: may hold data" in told
    assert theirs not in told

    assert run("--remove", "--yes", "anl") == 1
    assert dynamodb.list_tables()["TableNames"] == [full_table]
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == [full_bucket]
    assert [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]] == [theirs]
    assert all(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled" for key in keys)

    assert run("--remove", "--with-data", "--yes", "anl") == 0
    assert dynamodb.list_tables()["TableNames"] == []
    assert s3.list_buckets()["Buckets"] == []
    states = [kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in keys]
    assert states == ["PendingDeletion", "Enabled", "Enabled"]
    assert empty_bucket not in capsys.readouterr().err


def test_what_a_live_stack_has_stays_even_with_data(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    account = make_account()
    name = account.settings.named("registry")
    description = f"Encrypts the secrets in {account.settings.named('credentials')}"
    key = {"Type": "AWS::KMS::Key", "Properties": {"Description": description, "KeyPolicy": {}}}
    registry = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": name, **KEYED}}
    deploy(account, "foundation", {"Registry": registry, "Key": key})
    assert run("--remove", "--with-data", "--yes", "anl") == 0
    assert exists(account, name)
    assert "Nothing is left" in capsys.readouterr().out


def test_configuration_and_security_group_of_the_brokers_go_with_them(make_account: MakeAccount) -> None:
    account = make_account(preset="trial")
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ours, theirs = (
        ec2.create_security_group(GroupName=name, Description="Kafka brokers", VpcId=vpc)["GroupId"]
        for name in (
            "octopus-anl-network-BrokerAccess1A2B-x",
            "octopus-anl-network-network-BrokerAccess1A2B-x",
        )
    )
    arn = "arn:aws:kafka:us-east-1:123456789012:configuration/octopus-anl-kafka/0a1b"
    revision = {"CreationTime": 0, "Revision": 1}
    about = {
        "CreationTime": 0,
        "Description": "",
        "KafkaVersions": [],
        "LatestRevision": revision,
        "State": "ACTIVE",
    }
    configurations = [
        {**about, "Arn": arn, "Name": "octopus-anl-kafka"},
        {**about, "Arn": "x", "Name": "other"},
    ]
    with Stubber(account.client("kafka")) as answers:
        answers.add_response("list_clusters_v2", {"ClusterInfoList": []})
        answers.add_response("list_configurations", {"Configurations": configurations})
        answers.add_response("delete_configuration", {}, {"Arn": arn})
        left = clean_failed.leftovers(account, [], frozenset())
        assert [each.kind for each in left] == ["MSK configuration", "security group"]
        for each in left:
            each.remove()
        answers.assert_no_pending_responses()
    there = {each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]}
    assert (ours in there, theirs in there) == (False, True)


def test_what_a_cluster_uses_stays_with_it(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    removed: list[str] = []
    cluster, group = (
        Leftover(
            kind=kind,
            name=kind,
            holds_data=kind == clusters.KIND,
            cost="",
            used_by=used_by,
            remove=partial(removed.append, kind),
        )
        for kind, used_by in ((clusters.KIND, ""), ("security group", clusters.KIND))
    )
    monkeypatch.setattr(clean_failed, "leftovers", lambda *_: [cluster, group])
    assert run("--remove", "--yes", "anl") == 1
    assert "security group: the MSK cluster uses it" in capsys.readouterr().out
    assert removed == []
    assert run("--remove", "--with-data", "--yes", "anl") == 0
    assert removed == [clusters.KIND, "security group"]
    assert standing(account) == []


def test_stack_at_work_is_waited_for_by_the_operator(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    name = table(account, "registry")
    moving = Found(
        part="kafka", name="k", status="CREATE_IN_PROGRESS", protected=False, standing=Standing.MOVING
    )
    monkeypatch.setattr(clean_failed, "standing", lambda _account: [moving])
    monkeypatch.setattr(clean_failed, "resources_of", lambda _account, _stack: [])
    assert run("--remove", "--with-data", "--yes", "anl") == 1
    assert "wait for its end" in capsys.readouterr().out
    assert exists(account, name)
