"""The life of an installation: made, left alone, changed in vain, changed in place, protected, destroyed.

The tests are one story, in this order.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.aws_account import Account, Cdk, run_script
from tests.integration.deploy.conftest import DEPLOY, Upstream, bearer, good_token
from tests.integration.deploy.leftovers import still_there

pytestmark = pytest.mark.usefixtures("deployed")

FOUNDATION, SERVICE = "octopus-life-foundation", "octopus-life-service"
MONITORING = "octopus-life-monitoring"
REGISTRY, CREDENTIALS = "octopus-life-registry", "octopus-life-credentials"
ROW: Any = {"pk": {"S": "SUBJECT#x"}, "sk": {"S": "ACCOUNT"}}
KEPT = {"Key": "ns-x/t/0/0.parquet", "Body": b"events"}
BY_HAND = "/octopus/life/cli_client_id"

Resources = dict[str, str]


@pytest.fixture(scope="module")
def ever_made() -> Resources:
    """Type of every resource that was ever a stack's, by physical id."""
    return {}


@pytest.fixture(autouse=True)
def noted(account: Account, ever_made: Resources) -> None:
    """Note what there is before each test: a resource may be replaced in it."""
    ever_made.update({id_: kind for kind, id_ in resources(account).values()})


def resources(account: Account) -> dict[str, tuple[str, str]]:
    """Type and physical id of everything in the stacks, by logical id."""
    cloudformation = account.client("cloudformation")
    return {
        each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
        for stack in (FOUNDATION, SERVICE, MONITORING)
        for each in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    }


def parameter(account: Account, name: str) -> str:
    found = account.client("ssm").get_parameter(Name=f"/octopus/life/{name}")
    return str(found["Parameter"]["Value"])


def archive(account: Account) -> str:
    return parameter(account, "archive_bucket")


def require_data(account: Account) -> None:
    """What was written first is there."""
    assert account.client("dynamodb").get_item(TableName=REGISTRY, Key=ROW)["Item"] == ROW
    held = account.client("s3").get_object(Bucket=archive(account), Key=KEPT["Key"])
    assert held["Body"].read() == KEPT["Body"]


def test_data_is_written(account: Account) -> None:
    account.client("dynamodb").put_item(TableName=REGISTRY, Item=ROW)
    account.client("s3").put_object(Bucket=archive(account), **KEPT)
    require_data(account)


def test_platform_principals_are_made_without_keys(account: Account) -> None:
    iam = account.client("iam")
    for name in ("octopus-life-service", "octopus-life-judge"):
        assert iam.get_user(UserName=name)["User"]["Path"] == "/octopus/life/"
        attached = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
        assert {policy["PolicyName"] for policy in attached} - {f"{name}-users"} == {name}
        assert iam.list_access_keys(UserName=name)["AccessKeyMetadata"] == []


def test_the_credentials_key_wants_its_encryption_context(account: Account) -> None:
    kms = account.client("kms")
    context = {"purpose": "octopus-credential", "subject": "x", "access_key_id": "y"}
    sealed = kms.encrypt(
        KeyId="alias/octopus-life-credentials", Plaintext=b"secret", EncryptionContext=context
    )["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == b"secret"
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={**context, "subject": "z"})


def test_alarms_go_to_the_operators_mail(account: Account) -> None:
    alarms = account.client("cloudwatch").describe_alarms(AlarmNamePrefix="octopus-life-")["MetricAlarms"]
    (topic,) = {action for alarm in alarms for action in alarm["AlarmActions"]}
    found = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [(each["Protocol"], each["Endpoint"]) for each in found] == [("email", "operator@example.org")]


def test_what_is_made_carries_the_institutions_tags(account: Account) -> None:
    wanted = [{"Key": "owner", "Value": "physics"}, {"Key": "project", "Value": "octopus"}]
    iam, database = account.client("iam"), account.client("dynamodb")
    table = database.describe_table(TableName=REGISTRY)["Table"]["TableArn"]
    for tags in (
        iam.list_role_tags(RoleName="octopus-life-client")["Tags"],
        iam.list_user_tags(UserName="octopus-life-service")["Tags"],
        database.list_tags_of_resource(ResourceArn=table)["Tags"],
    ):
        ours = (tag for tag in tags if not tag["Key"].startswith("aws:"))
        assert sorted(ours, key=lambda tag: str(tag["Key"])) == wanted


def test_the_same_again_changes_nothing(cdk: Cdk, account: Account, context: dict[str, str]) -> None:
    before = resources(account)
    done = cdk(*DEPLOY, context=context)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("(no changes)") == 3
    assert resources(account) == before


def test_a_change_that_fails_half_way_is_taken_back(
    cdk: Cdk, account: Account, gateway: httpx.Client, context: dict[str, str]
) -> None:
    before, ssm = resources(account), account.client("ssm")
    # Made by hand, under a name that the stacks want: the new value of another parameter is there before
    # this one is refused.
    ssm.put_parameter(Name=BY_HAND, Value="by hand", Type="String")
    change = {
        "bootstrap_servers": "127.0.0.1:29098",
        "cli_client_id": "2b9d2f5c-fa32-45b5-875b-b24cd343b917",
        "service_url": "http://127.0.0.1:9",
    }

    done = cdk(*DEPLOY, context={**context, **change})

    assert done.returncode == 1
    assert "ParameterAlreadyExists" in done.stdout
    versions = ssm.get_parameter_history(Name="/octopus/life/bootstrap_servers")["Parameters"]
    servers = context["bootstrap_servers"]
    assert [version["Value"] for version in versions] == [servers, change["bootstrap_servers"], servers]
    (stack,) = account.client("cloudformation").describe_stacks(StackName=FOUNDATION)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert resources(account) == before
    assert ssm.get_parameter(Name=BY_HAND)["Parameter"]["Value"] == "by hand"
    require_data(account)
    assert gateway.get("/api/v3/ns-x/t", headers=bearer(good_token())).status_code == 200
    ssm.delete_parameter(Name=BY_HAND)


def test_destroying_is_refused_while_data_is_kept(account: Account) -> None:
    with pytest.raises(ClientError, match="TerminationProtection"):
        account.client("cloudformation").delete_stack(StackName=FOUNDATION)
    require_data(account)


@pytest.fixture(scope="module")
def zone(account: Account) -> str:
    """A hosted zone of the operator's."""
    made = account.client("route53").create_hosted_zone(Name="example.org", CallerReference="octopus-life")
    return str(made["HostedZone"]["Id"]).rpartition("/")[2]


def test_a_change_is_made_in_place(
    cdk: Cdk,
    account: Account,
    gateway: httpx.Client,
    web_service: Upstream,
    other_service: Upstream,
    zone: str,
    context: dict[str, str],
) -> None:
    before = resources(account)
    certificate = "certificate/6f5e4d3c-2b1a-4098-8765-4321fedcba98"
    change = {
        "service_url": other_service.address,
        "bootstrap_servers": "127.0.0.1:29098",
        "mail_from": "octopus@example.org",
        "domain": "octopus.example.org",
        "certificate_arn": f"arn:aws:acm:{account.region}:000000000000:{certificate}",
        "hosted_zone_id": zone,
        "allow_data_loss": "true",
    }
    done = cdk(*DEPLOY, context={**context, **change})
    assert done.returncode == 0, done.stdout
    after = resources(account)
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    # A gateway's deployment is a snapshot: a new one is made for every change of its routes.
    assert {before[name][0] for name in gone} == {"AWS::ApiGateway::Deployment"}
    assert {after[name][0] for name in new} == {
        "AWS::ApiGateway::BasePathMapping",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::DomainName",
        # Of the domain's certificate.
        "AWS::CloudWatch::Alarm",
        "AWS::Route53::RecordSet",
        "AWS::SSM::Parameter",
    }
    kept = before.keys() & after.keys()
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}

    require_data(account)
    assert parameter(account, "bootstrap_servers") == "127.0.0.1:29098"
    assert parameter(account, "mail_from") == "octopus@example.org"
    asked = len(web_service.asked)
    reply = gateway.get("/api/v3/ns-x/t", headers=bearer(good_token()))
    assert reply.json() == {"method": "GET", "path": "/api/v3/ns-x/t"}
    assert other_service.asked[-1].path == "/api/v3/ns-x/t"
    assert len(web_service.asked) == asked


def test_destroying_leaves_nothing_where_data_may_be_lost(
    cdk: Cdk, account: Account, context: dict[str, str], ever_made: Resources
) -> None:
    kinds = {kind for kind, _ in still_there(account, ever_made)}
    assert {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::ApiGateway::RestApi"} < kinds

    bucket, losing = archive(account), {**context, "allow_data_loss": "true"}
    # AWS deletes no bucket that holds anything; the emulator would.
    emptied = run_script(account, "empty-buckets", "--yes", "life", context=losing)
    assert emptied.returncode == 0, emptied.stdout
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket=bucket)

    done = cdk("destroy", "--all", "--force", context=losing)

    assert done.returncode == 0, done.stdout
    assert still_there(account, ever_made) == []
    secrets = account.client("secretsmanager")
    assert secrets.describe_secret(SecretId="octopus/life/globus-client-secret")["Name"]
