"""The life of an installation: made, left alone, changed in place, protected, destroyed.

The tests are one story, in this order.
"""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.integration.deploy.conftest import Cdk

CONTEXT = {
    "institution": "life",
    "kafka": "external",
    "hosting": "external",
    "triggers": "runner",
    "service_url": "http://127.0.0.1:18000",
    "bootstrap_servers": "127.0.0.1:19098",
    "public_url": "http://localhost:18000",
    "globus_auth_url": "http://127.0.0.1:18100/",
    "globus_client_id": "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11",
}
DEPLOY = ("deploy", "--all", "--require-approval", "never")
ROW: Any = {"pk": {"S": "SUBJECT#x"}, "sk": {"S": "ACCOUNT"}}
TABLES = ("octopus-life-registry", "octopus-life-credentials")


@pytest.fixture(scope="module")
def clients(emulator: str, session: boto3.Session) -> Any:
    """Any client of the emulator, by the service's name."""
    return lambda service: session.client(service, endpoint_url=emulator)


def stack_ids(clients: Any) -> dict[str, str]:
    stacks = clients("cloudformation").describe_stacks()["Stacks"]
    return {
        stack["StackName"]: stack["StackId"]
        for stack in stacks
        if stack["StackName"].startswith("octopus-life-") and stack["StackStatus"] != "DELETE_COMPLETE"
    }


def physical_ids(clients: Any) -> dict[str, str]:
    cloudformation = clients("cloudformation")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for stack in stack_ids(clients)
        for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    }


def test_a_first_deployment_makes_both_stacks(cdk: Cdk, clients: Any) -> None:
    done = cdk(*DEPLOY, context=CONTEXT)
    assert done.returncode == 0, done.stdout
    assert set(stack_ids(clients)) == {"octopus-life-foundation", "octopus-life-service"}
    clients("dynamodb").put_item(TableName=TABLES[0], Item=ROW)


def test_platform_principals_are_made_without_keys(clients: Any) -> None:
    iam = clients("iam")
    for name in ("octopus-life-service", "octopus-life-judge"):
        assert iam.get_user(UserName=name)["User"]["Path"] == "/octopus/life/"
        attached = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
        assert [policy["PolicyName"] for policy in attached] == [name]
        assert iam.list_access_keys(UserName=name)["AccessKeyMetadata"] == []


def test_the_credentials_key_wants_its_encryption_context(clients: Any) -> None:
    kms = clients("kms")
    context = {"purpose": "octopus-credential", "subject": "x", "access_key_id": "y"}
    sealed = kms.encrypt(
        KeyId="alias/octopus-life-credentials", Plaintext=b"secret", EncryptionContext=context
    )["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == b"secret"
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={**context, "subject": "z"})


def test_the_same_again_changes_nothing(cdk: Cdk, clients: Any) -> None:
    before = physical_ids(clients)
    done = cdk(*DEPLOY, context=CONTEXT)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("(no changes)") == 2
    assert physical_ids(clients) == before


def test_destroying_is_refused_while_data_is_kept(clients: Any) -> None:
    with pytest.raises(ClientError, match="TerminationProtection"):
        clients("cloudformation").delete_stack(StackName="octopus-life-foundation")
    assert clients("dynamodb").get_item(TableName=TABLES[0], Key=ROW)["Item"] == ROW


def test_a_wrong_value_ends_the_deployment_in_one_sentence(cdk: Cdk, clients: Any) -> None:
    before = physical_ids(clients)
    done = cdk(*DEPLOY, context={**CONTEXT, "authorizer_cache_second": "10"})
    assert done.returncode != 0
    assert (
        "authorizer_cache_second is not a variable listed in docs/deploying.md; the value given is '10', "
        "and the name meant may be authorizer_cache_seconds." in done.stdout
    )
    assert "Traceback" not in done.stdout
    assert physical_ids(clients) == before


def test_a_change_is_made_in_place(cdk: Cdk, clients: Any) -> None:
    before = physical_ids(clients)
    changed = {
        **CONTEXT,
        "service_url": "http://127.0.0.1:28000",
        "bootstrap_servers": "127.0.0.1:29098",
        "allow_data_loss": "true",
    }
    done = cdk(*DEPLOY, context=changed)
    assert done.returncode == 0, done.stdout
    after = physical_ids(clients)
    deployments = before.keys() ^ after.keys()
    # A gateway's deployment is a snapshot: a new one is made for every change of its routes.
    assert all("Deployment" in name for name in deployments)
    kept = before.keys() & after.keys()
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}

    assert clients("dynamodb").get_item(TableName=TABLES[0], Key=ROW)["Item"] == ROW
    parameter = clients("ssm").get_parameter(Name="/octopus/life/bootstrap_servers")["Parameter"]
    assert parameter["Value"] == "127.0.0.1:29098"
    gateway = clients("apigateway")
    (api,) = [item for item in gateway.get_rest_apis()["items"] if item["name"] == "octopus-life-gateway"]
    uris = {
        method["methodIntegration"]["uri"]
        for resource in gateway.get_resources(restApiId=api["id"], embed=["methods"])["items"]
        for method in resource.get("resourceMethods", {}).values()
    }
    paths = ("api/{proxy}", "api/v3/{proxy}", "api/v3/public/{proxy}", "health/{proxy}")
    assert uris == {f"http://127.0.0.1:28000/{path}" for path in paths}


def test_destroying_leaves_nothing_where_data_may_be_lost(cdk: Cdk, clients: Any) -> None:
    done = cdk("destroy", "--all", "--force", context={**CONTEXT, "allow_data_loss": "true"})
    assert done.returncode == 0, done.stdout
    assert stack_ids(clients) == {}
    assert not [name for name in clients("dynamodb").list_tables()["TableNames"] if name in TABLES]
    assert not clients("iam").list_users(PathPrefix="/octopus/life/")["Users"]
    assert not clients("ssm").get_parameters_by_path(Path="/octopus/life/")["Parameters"]
