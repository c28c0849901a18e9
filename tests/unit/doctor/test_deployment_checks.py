"""A deployment that lacks something, in a simulated AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from octopus import aws
from octopus.doctor import deployment_checks as deployment
from octopus.doctor.deployment_checks import of_aws
from octopus.doctor.findings import Finding, Status
from octopus.doctor.operator import Operator
from octopus.doctor.platform import examine_fabric
from octopus.errors import NotFoundError
from octopus.iam.generate import principal_boundary
from octopus.settings import DeployedSettings
from tests.unit.cli.shell import run
from tests.unit.conftest import make_table

CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/octopus-anl/8b4b1a4d-2d0f-5835-9222-3a7479cc9972"
SERVICE_ARN = "arn:aws:iam::123456789012:user/octopus/anl/octopus-anl-service"


@pytest.fixture
def operator(database: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """The operator of a fabric as the stacks make it: tables, key, boundary, role; no parameters yet."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    aws._session.cache_clear()
    for name in ("registry", "credentials"):
        make_table(database, name)
    iam = boto3.client("iam")
    boundary = iam.create_policy(
        PolicyName="boundary", PolicyDocument=json.dumps(principal_boundary(cluster_arn=CLUSTER))
    )
    role = iam.create_role(
        RoleName="octopus-anl-client", AssumeRolePolicyDocument=_trust(SERVICE_ARN), MaxSessionDuration=3600
    )
    key = boto3.client("kms", region_name="us-east-1").create_key()
    made = Operator(institution="anl", judge_url="http://127.0.0.1:1")
    made.deployed = DeployedSettings(
        institution="anl",
        registry_table="registry",
        credentials_table="credentials",
        credentials_key_arn=key["KeyMetadata"]["Arn"],
        archive_bucket="archive",
        principal_boundary_arn=boundary["Policy"]["Arn"],
        client_role_arn=role["Role"]["Arn"],
        cluster_arn=CLUSTER,
        bootstrap_servers="127.0.0.1:9098",
        public_url="https://octopus.anl.example",
        globus_client_id="2b9d2f5c-fa32-45b5-875b-b24cd343b917",
        globus_secret_name="octopus/anl/globus-client-secret",
    )
    yield made
    aws._session.cache_clear()


def _trust(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _failed(finding: Finding, detail: str, fix: str) -> None:
    assert finding.status is Status.FAILED, finding
    assert detail in finding.detail
    assert finding.fix is not None
    assert fix in finding.fix


def test_what_the_stacks_make_is_ok(operator: Operator) -> None:
    for check in (
        deployment.check_tables,
        deployment.check_encryption,
        deployment.check_boundary,
        deployment.check_client_role,
    ):
        finding = of_aws(check)(operator)
        assert finding.status is Status.OK, finding


def test_missing_table_is_aws_word_for_it(operator: Operator) -> None:
    boto3.client("dynamodb", region_name="us-east-1").delete_table(TableName="credentials")
    _failed(
        of_aws(deployment.check_tables)(operator), "DescribeTable: ResourceNotFoundException", "deploy again"
    )


def test_missing_key_is_aws_word_for_it(operator: Operator) -> None:
    gone = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    operator.deployed = operator.deployed.model_copy(update={"credentials_key_arn": gone})
    _failed(of_aws(deployment.check_encryption)(operator), "Encrypt: NotFoundException", "deploy again")


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        (
            {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
            "says more than it should: allow iam:* on *",
        ),
        (None, "lacks kafka-cluster:"),
    ],
)
def test_changed_boundary_says_by_what(
    operator: Operator, statement: dict[str, str] | None, detail: str
) -> None:
    document = principal_boundary(cluster_arn=CLUSTER)
    if statement is None:
        document["Statement"].pop()
    else:
        document["Statement"].append(statement)
    boto3.client("iam").create_policy_version(
        PolicyArn=operator.deployed.principal_boundary_arn,
        PolicyDocument=json.dumps(document),
        SetAsDefault=True,
    )
    _failed(of_aws(deployment.check_boundary)(operator), detail, "CloudTrail")


def test_role_that_trusts_somebody_else_is_named(operator: Operator) -> None:
    boto3.client("iam").update_assume_role_policy(
        RoleName="octopus-anl-client", PolicyDocument=_trust("arn:aws:iam::123456789012:user/mallory")
    )
    finding = of_aws(deployment.check_client_role)(operator)
    _failed(finding, "does not trust octopus-anl-service", "deploy the foundation again")


def test_process_without_a_user_or_a_key_is_told_how_to_get_one(operator: Operator) -> None:
    check = of_aws(lambda case: deployment.check_platform_key(case, "judge"))
    _failed(check(operator), "no recorded key of the judge", "octopus platform env judge --institution anl")


def test_unknown_institution_says_where_it_was_looked_for(operator: Operator) -> None:
    other = Operator(institution="nowhere", judge_url="http://127.0.0.1:1")
    _failed(of_aws(deployment.check_parameters)(other), "/octopus/nowhere/", "--institution")


def test_missing_parameter_is_named(operator: Operator) -> None:
    boto3.client("ssm", region_name="us-east-1").put_parameter(
        Name="/octopus/anl/institution", Value="anl", Type="String"
    )
    other = Operator(institution="anl", judge_url="http://127.0.0.1:1")
    _failed(of_aws(deployment.check_parameters)(other), "/octopus/anl/cluster_arn", "deploy the foundation")


def test_fabric_on_msk_is_not_asked_for_a_judge_or_for_users(
    operator: Operator, aws_session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"kafka": "msk-standard", "credentials": "session", "bootstrap_servers": ""}
    operator.deployed = operator.deployed.model_copy(update=told)
    msk = aws_session.client("kafka")
    with Stubber(msk) as stub:
        # Of a cluster that is being made.
        stub.add_response("get_bootstrap_brokers", {})
        monkeypatch.setattr(aws, "msk", lambda: msk)
        found = {result.name: result.finding for result in examine_fabric(operator)}

    assert [name for name, one in found.items() if one.status is Status.FAILED] == []
    assert {name for name, one in found.items() if one.status is Status.OK} == {
        *("aws", "parameters", "tables", "encryption", "client-role")
    }
    assert "IAM itself decides" in found["judge"].detail
    assert "signs with a role" in found["service-key"].detail
    assert "MSK names none of" in found["dns"].detail


def test_environment_of_a_process_that_has_no_user_is_refused_in_a_sentence(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "_NEW_USER_KNOWN_S", 0.0)
    parameters: Any = boto3.client("ssm", region_name="us-east-1")
    for name, value in operator.deployed.model_dump().items():
        if value != "":
            parameters.put_parameter(Name=f"/octopus/anl/{name}", Value=str(value), Type="String")

    refused = run("platform", "env", "judge", "--institution", "anl").exception

    assert isinstance(refused, NotFoundError)
    assert "IAM has no user octopus-anl-judge" in refused.message
