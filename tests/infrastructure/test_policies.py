"""What each principal may do and, above all, what it may not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from octopus.accounts import principal as accounts
from octopus.heartbeat.names import FULL_NAME as HEARTBEAT
from octopus.iam import policy_names
from octopus.iam.generate import principal_policies
from octopus.iam.holdings import own
from stacks.constructs import principal_boundary
from tests.infrastructure.conftest import CAMPUS, Templates, synthesize
from tests.infrastructure.iam_requests import allows
from tests.infrastructure.intrinsics import resolve
from tests.infrastructure.policies import Policies, held_by, listed, policies_of, statements

CLUSTER = "octopus-anl/3712950b-569f-5b31-b460-c33cb93e1e66"
KAFKA = "arn:aws:kafka:us-east-1:111122223333"
CLUSTER_ARN = f"{KAFKA}:cluster/{CLUSTER}"
IAM = "arn:aws:iam::111122223333"
USER = f"{IAM}:user/msk-users/6c6b3f0e-7a3a-4a43-9d3a-0d9a6a9a4b11"
NOBODY = f"{IAM}:user/6c6b3f0e-7a3a-4a43-9d3a-0d9a6a9a4b11"
"""IAM's name for a user that is not there: no path is known."""
POLICY = f"{IAM}:policy/msk-policies/octopus-anl-6c6b3f0e-7a3a-4a43-9d3a-0d9a6a9a4b11-1"
CLIENT_ROLE = f"{IAM}:role/octopus-anl-client"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BOUNDARY = f"{IAM}:policy/octopus-anl-principal-boundary"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table"
KEY = "arn:aws:kms:us-east-1:111122223333:key/credentials"
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret"

BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}
MARKED = {"aws:RequestTag/octopus:fabric": "anl"}
OURS = {"aws:ResourceTag/octopus:fabric": "anl"}
THEIRS = {"aws:ResourceTag/octopus:fabric": "another"}
ENCRYPTED = {
    "kms:EncryptionContext:purpose": "octopus-credential",
    "kms:EncryptionContext:subject": "6c6b3f0e-7a3a-4a43-9d3a-0d9a6a9a4b11",
    "kms:EncryptionContext:access_key_id": "AKIAEXAMPLE",
}

OF_NOTHING = {
    "cloudwatch:PutMetricData": "metrics are of no resource; a condition names their namespace",
    "ecr:GetAuthorizationToken": "a token is of no repository: what it opens, other rights say",
    "iam:GetAccountAuthorizationDetails": "of no resource: the judge reads everybody in a few calls",
    "iam:GetAccountSummary": "the AWS account's own figures are of no resource",
}
"""Actions on the resource ``*``, since IAM knows none for them, and why they are granted."""
WHOLE_KINDS = {
    f"{IAM}:group/*": "the judge: a user's rights may come through any group",
    f"{IAM}:policy/*": "the judge: a user may hold any managed policy",
    "arn:aws:iam::aws:policy/*": "the judge: of AWS's own too",
    f"{IAM}:user/*": "the service: only ever denied, so that no boundary can be taken off",
}
"""Resources that are a whole kind, and why."""


@pytest.fixture(scope="module")
def policies(campus: Templates) -> Policies:
    return policies_of(campus)


@pytest.fixture(scope="module", params=["campus", "tasks", "sessions"])
def everywhere(request: pytest.FixtureRequest) -> Policies:
    """Every policy of an installation, of each kind in turn."""
    return policies_of(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
def service(policies: Policies) -> dict[str, Any]:
    return held_by(policies, "octopus-anl-service")


@pytest.fixture(scope="module")
def judge(policies: Policies) -> dict[str, Any]:
    return policies["octopus-anl-judge"]


@pytest.fixture(scope="module")
def heartbeat(policies: Policies) -> dict[str, Any]:
    return policies["octopus-anl-heartbeat"]


@pytest.fixture(scope="module")
def boundary(policies: Policies) -> dict[str, Any]:
    return policies["octopus-anl-principal-boundary"]


@pytest.fixture(scope="module")
def authorizer(policies: Policies) -> dict[str, Any]:
    return policies["AuthorizerRoleDefaultPolicy4E48E159"]


def test_there_is_one_policy_for_each_principal_and_one_about_users(policies: Policies) -> None:
    assert set(policies) == {
        "octopus-anl-principal-boundary",
        "octopus-anl-service",
        "octopus-anl-service-users",
        "octopus-anl-judge",
        "octopus-anl-heartbeat",
        "octopus-anl-client",
        "AuthorizerRoleDefaultPolicy4E48E159",
    }


def test_no_action_is_a_wildcard(everywhere: Policies) -> None:
    for statement in statements(everywhere):
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        assert "NotAction" not in statement
        assert "NotResource" not in statement


def test_every_action_on_everything_has_a_reason(everywhere: Policies) -> None:
    found = {
        action
        for statement in statements(everywhere)
        if "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert found <= set(OF_NOTHING)


def test_every_whole_kind_has_a_reason(everywhere: Policies) -> None:
    found = {
        resource
        for statement in statements(everywhere)
        for resource in listed(statement["Resource"])
        # `<cluster's name>/<its uuid>/*` and `user/<path>/*` are bounded; `<kind>/*` is not.
        if resource.endswith("*") and re.fullmatch(r"[a-z-]+/", resource.removesuffix("*").rsplit(":", 1)[-1])
    }
    assert found <= set(WHOLE_KINDS)


def test_reasons_are_of_what_is_granted(policies: Policies, tasks: Templates) -> None:
    granted = [*statements(policies), *statements(policies_of(tasks))]
    assert {action for each in granted for action in listed(each["Action"])} >= set(OF_NOTHING)
    assert {resource for each in granted for resource in listed(each["Resource"])} >= set(WHOLE_KINDS)


def test_policies_are_within_iams_bounds(everywhere: Policies) -> None:
    for document in everywhere.values():
        assert len(json.dumps(document, separators=(",", ":"))) <= 6144


def test_stacks_and_service_mean_the_same_users() -> None:
    assert principal_boundary.PATH == accounts.PATH
    assert principal_boundary.FABRIC_TAG == accounts.FABRIC_TAG
    assert principal_boundary.POLICY_PATH == policy_names.MANAGED_POLICY_PATH
    name = policy_names.managed_policy_name(institution="anl", user_name=USER.rpartition("/")[2], number=1)
    assert POLICY.endswith(f"{policy_names.MANAGED_POLICY_PATH}{name}")


# The service


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateUser", USER, BOUNDED | MARKED),
        ("iam:TagUser", USER, MARKED),
        ("iam:TagUser", USER, MARKED | OURS),
        ("iam:PutUserPolicy", USER, BOUNDED | OURS),
        ("iam:PutUserPermissionsBoundary", USER, BOUNDED | OURS),
        ("iam:GetUser", USER, {}),
        ("iam:GetUser", NOBODY, {}),
        ("iam:GetUserPolicy", USER, {}),
        ("iam:GetUserPolicy", NOBODY, {}),
        ("iam:ListAccessKeys", USER, {}),
        ("iam:ListAccessKeys", NOBODY, {}),
        ("iam:GetAccessKeyLastUsed", USER, {}),
        ("iam:UpdateAccessKey", USER, OURS),
        ("sts:AssumeRole", CLIENT_ROLE, {}),
        ("sts:SetSourceIdentity", CLIENT_ROLE, {}),
        ("iam:CreateAccessKey", USER, OURS),
        ("iam:DeleteAccessKey", USER, OURS),
        ("iam:DeleteUserPolicy", USER, OURS),
        ("iam:DetachUserPolicy", USER, OURS),
        ("iam:ListAttachedUserPolicies", USER, {}),
        ("iam:ListGroupsForUser", USER, {}),
        ("iam:ListUserPolicies", USER, {}),
        ("iam:GetAccountSummary", "*", {}),
        ("iam:AttachUserPolicy", USER, BOUNDED | OURS | {"iam:PolicyARN": POLICY}),
        *(
            (f"iam:{action}", POLICY, {})
            for action in (
                "CreatePolicy",
                "CreatePolicyVersion",
                "DeletePolicy",
                "DeletePolicyVersion",
                "GetPolicy",
                "GetPolicyVersion",
                "ListPolicyVersions",
            )
        ),
        ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Octopus/anl"}),
        ("iam:DeleteUser", USER, OURS),
        # A user that is not there: IAM must say so.
        ("iam:DeleteUser", USER, {}),
        ("dynamodb:GetItem", f"{TABLE}/octopus-anl-registry", {}),
        ("dynamodb:PutItem", f"{TABLE}/octopus-anl-credentials", {}),
        ("dynamodb:ConditionCheckItem", f"{TABLE}/octopus-anl-credentials", {}),
        ("kms:Encrypt", KEY, ENCRYPTED),
        ("kms:Decrypt", KEY, ENCRYPTED),
        ("secretsmanager:GetSecretValue", f"{SECRET}:octopus/anl/globus-client-secret-AbCdEf", {}),
        ("kafka-cluster:Connect", CLUSTER_ARN, {}),
        ("kafka-cluster:CreateTopic", f"{KAFKA}:topic/{CLUSTER}/ns-6a9a4b11.t", {}),
        ("kafka-cluster:AlterTopicDynamicConfiguration", f"{KAFKA}:topic/{CLUSTER}/ns-6a9a4b11.t", {}),
        ("kafka-cluster:DeleteGroup", f"{KAFKA}:group/{CLUSTER}/ns-6a9a4b11.g", {}),
        ("kafka-cluster:ReadData", f"{KAFKA}:topic/{CLUSTER}/ns-6a9a4b11.t", {}),
        ("kafka-cluster:WriteData", f"{KAFKA}:topic/{CLUSTER}/octopus.audit", {}),
        ("kafka-cluster:AlterClusterDynamicConfiguration", CLUSTER_ARN, {}),
        ("kafka-cluster:DescribeTransactionalId", f"{KAFKA}:transactional-id/{CLUSTER}/ns-6a9a4b11.t", {}),
    ],
)
def test_service_may(service: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> None:
    assert allows(service, action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateUser", USER, MARKED),
        ("iam:CreateUser", USER, MARKED | {"iam:PermissionsBoundary": f"{IAM}:policy/another"}),
        ("iam:CreateUser", USER, BOUNDED),
        ("iam:CreateUser", f"{IAM}:user/operators/eve", BOUNDED | MARKED),
        ("iam:CreateUser", f"{IAM}:user/eve", BOUNDED | MARKED),
        ("iam:TagUser", USER, MARKED | THEIRS),
        ("iam:TagUser", USER, {"aws:RequestTag/octopus:fabric": "another"}),
        ("iam:PutUserPolicy", USER, OURS),
        ("iam:PutUserPolicy", USER, BOUNDED | THEIRS),
        ("iam:PutUserPolicy", f"{IAM}:user/octopus/anl/octopus-anl-service", BOUNDED | OURS),
        ("iam:PutUserPermissionsBoundary", USER, {"iam:PermissionsBoundary": f"{IAM}:policy/another"} | OURS),
        ("iam:PutUserPermissionsBoundary", USER, BOUNDED | THEIRS),
        ("iam:DeleteUserPermissionsBoundary", USER, OURS),
        ("iam:CreatePolicyVersion", BOUNDARY, {}),
        ("iam:SetDefaultPolicyVersion", BOUNDARY, {}),
        ("iam:AttachUserPolicy", USER, BOUNDED | OURS),
        ("iam:AttachUserPolicy", USER, BOUNDED | OURS | {"iam:PolicyARN": f"{IAM}:policy/msk-policies/x"}),
        ("iam:AttachUserPolicy", USER, BOUNDED | OURS | {"iam:PolicyARN": ADMINISTRATOR}),
        ("iam:AttachUserPolicy", USER, BOUNDED | THEIRS | {"iam:PolicyARN": POLICY}),
        ("iam:AttachUserPolicy", USER, OURS | {"iam:PolicyARN": POLICY}),
        ("iam:AttachUserPolicy", NOBODY, BOUNDED | OURS | {"iam:PolicyARN": POLICY}),
        (
            "iam:AttachUserPolicy",
            f"{IAM}:user/octopus/anl/octopus-anl-service",
            BOUNDED | OURS | {"iam:PolicyARN": POLICY},
        ),
        ("iam:AttachRolePolicy", CLIENT_ROLE, {"iam:PolicyARN": POLICY}),
        *(
            (f"iam:{action}", another, {})
            for action in ("CreatePolicy", "CreatePolicyVersion", "DeletePolicy")
            for another in (
                POLICY.replace("msk-policies/", ""),
                POLICY.replace("octopus-anl", "octopus-another"),
                POLICY.replace("octopus-anl", "octopus-anl-two"),
                f"{IAM}:policy/octopus-anl-service",
                f"{IAM}:policy/msk-policies/octopus-anl-service",
            )
        ),
        ("iam:SetDefaultPolicyVersion", POLICY, {}),
        ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Octopus/another"}),
        ("cloudwatch:PutMetricData", "*", {}),
        ("iam:DetachUserPolicy", USER, THEIRS),
        ("iam:DetachUserPolicy", f"{IAM}:user/octopus/anl/octopus-anl-judge", {}),
        ("iam:AddUserToGroup", f"{IAM}:group/by-hand", {}),
        # IAM asks for the group alone: this would reach every user of the AWS account.
        ("iam:RemoveUserFromGroup", f"{IAM}:group/by-hand", {}),
        ("iam:DeleteGroup", f"{IAM}:group/by-hand", {}),
        ("iam:CreateAccessKey", USER, THEIRS),
        ("iam:UpdateAccessKey", USER, THEIRS),
        ("iam:UpdateAccessKey", f"{IAM}:user/octopus/anl/octopus-anl-judge", {}),
        ("iam:GetAccessKeyLastUsed", f"{IAM}:user/eve", {}),
        ("sts:AssumeRole", f"{IAM}:role/octopus-anl-clients", {}),
        ("sts:AssumeRole", f"{IAM}:role/AuthorizerRole", {}),
        ("iam:CreateAccessKey", f"{IAM}:user/octopus/anl/octopus-anl-judge", {}),
        ("iam:DeleteUser", USER, THEIRS),
        ("iam:GetUser", f"{IAM}:user/eve", {}),
        ("iam:CreateAccessKey", NOBODY, OURS),
        ("iam:CreateRole", f"{IAM}:role/eve", {}),
        ("dynamodb:DeleteTable", f"{TABLE}/octopus-anl-registry", {}),
        ("dynamodb:Scan", f"{TABLE}/octopus-anl-registry", {}),
        ("dynamodb:Scan", f"{TABLE}/octopus-anl-credentials", {}),
        ("dynamodb:GetItem", f"{TABLE}/another", {}),
        ("kms:Decrypt", KEY, {}),
        ("kms:Decrypt", KEY, ENCRYPTED | {"kms:EncryptionContext:purpose": "another"}),
        ("kms:Decrypt", KEY, {"kms:EncryptionContext:purpose": "octopus-credential"}),
        ("kms:GenerateDataKey", KEY, ENCRYPTED),
        ("kms:ScheduleKeyDeletion", KEY, ENCRYPTED),
        ("secretsmanager:GetSecretValue", f"{SECRET}:octopus/anl/globus-client-secret-two-AbCdEf", {}),
        ("secretsmanager:GetSecretValue", f"{SECRET}:another-AbCdEf", {}),
        ("kafka-cluster:WriteData", f"{KAFKA}:topic/{CLUSTER}/ns-6a9a4b11.t", {}),
        ("kafka-cluster:AlterCluster", CLUSTER_ARN, {}),
        ("kafka-cluster:DescribeCluster", CLUSTER_ARN, {}),
        ("kafka-cluster:CreateTopic", f"{KAFKA}:topic/octopus-anl/0/ns-6a9a4b11.t", {}),
        ("s3:GetObject", "arn:aws:s3:::octopus-anl-archive-111122223333-us-east-1/x", {}),
    ],
)
def test_service_may_not(
    service: dict[str, Any], action: str, resource: str, context: dict[str, str]
) -> None:
    assert not allows(service, action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:DeleteUserPermissionsBoundary", USER, OURS),
        ("iam:DeleteUserPermissionsBoundary", f"{IAM}:user/octopus/anl/octopus-anl-service", {}),
        ("iam:PutUserPermissionsBoundary", USER, {"iam:PermissionsBoundary": f"{IAM}:policy/another"}),
        ("iam:CreatePolicyVersion", BOUNDARY, {}),
        ("iam:DeletePolicyVersion", BOUNDARY, {}),
        ("iam:DeletePolicy", BOUNDARY, {}),
        ("iam:SetDefaultPolicyVersion", BOUNDARY, {}),
    ],
)
def test_boundary_holds_though_another_policy_allows_everything(
    service: dict[str, Any], action: str, resource: str, context: dict[str, str]
) -> None:
    administrator = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    widened = {**service, "Statement": [*service["Statement"], administrator]}
    assert allows(widened, "iam:CreateRole", f"{IAM}:role/any")
    assert not allows(widened, action, resource, context)


def test_service_sends_mail_from_the_one_address_that_was_given(service: dict[str, Any]) -> None:
    identity = "arn:aws:ses:us-east-1:111122223333:identity/example.org"
    ours = {"ses:FromAddress": "octopus@example.org"}
    mailing = policies_of(synthesize({**CAMPUS, "mail_from": "octopus@example.org"}))

    assert allows(mailing["octopus-anl-service"], "ses:SendEmail", identity, ours)
    assert not allows(
        mailing["octopus-anl-service"], "ses:SendEmail", identity, {"ses:FromAddress": "dean@example.org"}
    )
    assert not allows(service, "ses:SendEmail", identity, ours), "without an address there is no mail"
    test_policies_are_within_iams_bounds(mailing)


# The judge


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("dynamodb:GetItem", f"{TABLE}/octopus-anl-credentials", {}),
        ("dynamodb:Query", f"{TABLE}/octopus-anl-credentials", {}),
        ("dynamodb:BatchGetItem", f"{TABLE}/octopus-anl-credentials", {}),
        ("dynamodb:PutItem", f"{TABLE}/octopus-anl-credentials", {"dynamodb:LeadingKeys": "USE#AKIA"}),
        (
            "dynamodb:ConditionCheckItem",
            f"{TABLE}/octopus-anl-credentials",
            {"dynamodb:LeadingKeys": "KEY#AKIA"},
        ),
        ("kms:Decrypt", KEY, ENCRYPTED),
        ("iam:GetAccountAuthorizationDetails", "*", {}),
        ("iam:GetUser", USER, {}),
        ("iam:GetUser", NOBODY, {}),
        ("iam:ListUserPolicies", USER, {}),
        ("iam:GetUserPolicy", USER, {}),
        ("iam:ListAttachedUserPolicies", f"{IAM}:user/octopus/anl/octopus-anl-service", {}),
        ("iam:ListGroupsForUser", USER, {}),
        ("iam:ListGroupPolicies", f"{IAM}:group/physics", {}),
        ("iam:GetGroupPolicy", f"{IAM}:group/physics", {}),
        ("iam:ListAttachedGroupPolicies", f"{IAM}:group/physics", {}),
        ("iam:GetPolicy", BOUNDARY, {}),
        ("iam:GetPolicyVersion", "arn:aws:iam::aws:policy/AmazonMSKReadOnlyAccess", {}),
    ],
)
def test_judge_may(judge: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> None:
    assert allows(judge, action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("dynamodb:GetItem", f"{TABLE}/octopus-anl-registry", {}),
        ("dynamodb:PutItem", f"{TABLE}/octopus-anl-credentials", {}),
        ("dynamodb:PutItem", f"{TABLE}/octopus-anl-credentials", {"dynamodb:LeadingKeys": "KEY#AKIA"}),
        ("dynamodb:PutItem", f"{TABLE}/octopus-anl-registry", {"dynamodb:LeadingKeys": "USE#AKIA"}),
        ("dynamodb:UpdateItem", f"{TABLE}/octopus-anl-credentials", {"dynamodb:LeadingKeys": "USE#AKIA"}),
        ("dynamodb:DeleteItem", f"{TABLE}/octopus-anl-credentials", {"dynamodb:LeadingKeys": "USE#AKIA"}),
        ("dynamodb:Scan", f"{TABLE}/octopus-anl-credentials", {}),
        ("kms:Decrypt", KEY, {}),
        ("kms:Encrypt", KEY, ENCRYPTED),
        ("iam:ListUsers", f"{IAM}:user/msk-users/", {}),
        ("iam:GetUser", f"{IAM}:user/operators/eve", {}),
        ("iam:CreateAccessKey", USER, OURS),
        ("iam:PutUserPolicy", USER, OURS | BOUNDED),
        ("secretsmanager:GetSecretValue", f"{SECRET}:octopus/anl/globus-client-secret-AbCdEf", {}),
        ("kafka-cluster:Connect", CLUSTER_ARN, {}),
    ],
)
def test_judge_may_not(judge: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> None:
    assert not allows(judge, action, resource, context)


# The heartbeat


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("kafka-cluster:Connect", CLUSTER_ARN, {}),
        ("kafka-cluster:DescribeTopic", f"{KAFKA}:topic/{CLUSTER}/{HEARTBEAT}", {}),
        ("kafka-cluster:WriteData", f"{KAFKA}:topic/{CLUSTER}/{HEARTBEAT}", {}),
        ("kafka-cluster:ReadData", f"{KAFKA}:topic/{CLUSTER}/{HEARTBEAT}", {}),
        ("kafka-cluster:DescribeGroup", f"{KAFKA}:group/{CLUSTER}/{HEARTBEAT}", {}),
        ("dynamodb:UpdateItem", f"{TABLE}/octopus-anl-registry", {"dynamodb:LeadingKeys": "STATUS"}),
        ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Octopus/anl"}),
    ],
)
def test_heartbeat_may(
    heartbeat: dict[str, Any], action: str, resource: str, context: dict[str, str]
) -> None:
    assert allows(heartbeat, action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("kafka-cluster:WriteData", f"{KAFKA}:topic/{CLUSTER}/octopus.audit", {}),
        ("kafka-cluster:ReadData", f"{KAFKA}:topic/{CLUSTER}/ns-6a9a4b11.t", {}),
        ("kafka-cluster:CreateTopic", f"{KAFKA}:topic/{CLUSTER}/{HEARTBEAT}", {}),
        ("kafka-cluster:AlterGroup", f"{KAFKA}:group/{CLUSTER}/{HEARTBEAT}", {}),
        ("dynamodb:UpdateItem", f"{TABLE}/octopus-anl-registry", {}),
        ("dynamodb:UpdateItem", f"{TABLE}/octopus-anl-registry", {"dynamodb:LeadingKeys": "NAMESPACE#lab"}),
        ("dynamodb:UpdateItem", f"{TABLE}/octopus-anl-credentials", {"dynamodb:LeadingKeys": "STATUS"}),
        ("dynamodb:Query", f"{TABLE}/octopus-anl-registry", {"dynamodb:LeadingKeys": "STATUS"}),
        ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Octopus/another"}),
        ("iam:GetUser", USER, {}),
        ("kms:Decrypt", KEY, ENCRYPTED),
        ("secretsmanager:GetSecretValue", f"{SECRET}:octopus/anl/globus-client-secret-AbCdEf", {}),
    ],
)
def test_heartbeat_may_not(
    heartbeat: dict[str, Any], action: str, resource: str, context: dict[str, str]
) -> None:
    assert not allows(heartbeat, action, resource, context)


# The role of users' sessions


@pytest.mark.parametrize(
    ("installation", "service_arn"),
    [
        ("campus", f"{IAM}:user/octopus/anl/octopus-anl-service"),
        ("tasks", f"{IAM}:role/octopus-anl-service"),
        ("sessions", f"{IAM}:role/octopus-anl-service"),
    ],
)
def test_only_the_service_is_trusted_with_the_role_of_sessions_for_an_hour_and_says_whose_each_is(
    request: pytest.FixtureRequest, installation: str, service_arn: str
) -> None:
    resources = request.getfixturevalue(installation)["octopus-anl-foundation"]["Resources"]
    role = _role("octopus-anl-client", resources)
    assert role["MaxSessionDuration"] == 3600
    trust = resolve(role["AssumeRolePolicyDocument"]["Statement"], resources)
    assert trust == [
        {
            "Effect": "Allow",
            "Action": f"sts:{action}",
            "Principal": {"AWS": service_arn},
            # A UUID: nobody's session is not opened.
            "Condition": {"StringLike": {"sts:SourceIdentity": "????????-????-????-????-????????????"}},
        }
        for action in ("AssumeRole", "SetSourceIdentity")
    ]


def test_only_tasks_of_this_account_sign_with_the_role_of_the_service(tasks: Templates) -> None:
    resources = tasks["octopus-anl-foundation"]["Resources"]
    trust = _role("octopus-anl-service", resources)["AssumeRolePolicyDocument"]["Statement"]
    assert resolve(trust, resources) == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        }
    ]


def _role(name: str, resources: dict[str, Any]) -> dict[str, Any]:
    (found,) = (
        each["Properties"]
        for each in resources.values()
        if each["Type"] == "AWS::IAM::Role" and each["Properties"].get("RoleName") == name
    )
    return dict(found)


@pytest.mark.parametrize("action", ["AssumeRole", "SetSourceIdentity", "TagSession"])
def test_judge_opens_no_session(judge: dict[str, Any], action: str) -> None:
    assert not allows(judge, f"sts:{action}", CLIENT_ROLE)


def test_sessions_and_users_are_bounded_alike(policies: Policies) -> None:
    assert policies["octopus-anl-client"] == policies["octopus-anl-principal-boundary"]


# The boundary


def test_boundary_takes_nothing_from_the_policy_that_users_have(boundary: dict[str, Any]) -> None:
    policy = principal_policies(cluster_arn=CLUSTER_ARN, holdings=own("ns-0d9a6a9a4b11")).inline
    for statement in policy["Statement"]:
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                assert allows(boundary, action, resource.replace("*", "t"))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("kafka-cluster:DescribeCluster", CLUSTER_ARN),
        ("kafka-cluster:AlterCluster", CLUSTER_ARN),
        ("kafka-cluster:CreateTopic", f"{KAFKA}:topic/{CLUSTER}/ns-0d9a6a9a4b11.t"),
        ("kafka-cluster:DeleteTopic", f"{KAFKA}:topic/{CLUSTER}/ns-0d9a6a9a4b11.t"),
        ("kafka-cluster:ReadData", f"{KAFKA}:topic/octopus-anl/another/ns-0d9a6a9a4b11.t"),
        ("kafka-cluster:Connect", f"{KAFKA}:cluster/another/3712950b-569f-5b31-b460-c33cb93e1e66"),
        ("sts:AssumeRole", f"{IAM}:role/any"),
        ("s3:GetObject", "arn:aws:s3:::octopus-anl-archive-111122223333-us-east-1/x"),
        ("dynamodb:GetItem", f"{TABLE}/octopus-anl-credentials"),
    ],
)
def test_boundary_lets_nobody(boundary: dict[str, Any], action: str, resource: str) -> None:
    assert not allows(boundary, action, resource)


# The authorizer


def test_authorizer_reads_one_secret_and_writes_its_log(authorizer: dict[str, Any]) -> None:
    assert allows(
        authorizer, "secretsmanager:GetSecretValue", f"{SECRET}:octopus/anl/globus-client-secret-AbCdEf"
    )
    assert not allows(authorizer, "secretsmanager:GetSecretValue", f"{SECRET}:another-AbCdEf")
    log = "arn:aws:logs:us-east-1:111122223333:log-group"
    assert allows(authorizer, "logs:PutLogEvents", f"{log}:AuthorizerLogA5E42AA9:log-stream:1")
    assert not allows(authorizer, "logs:PutLogEvents", f"{log}:another:log-stream:1")
    assert not allows(authorizer, "logs:CreateLogGroup", f"{log}:another")
