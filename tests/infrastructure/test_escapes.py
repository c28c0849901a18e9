"""What no policy of any installation may allow, whoever holds it."""

from __future__ import annotations

import pytest

from tests.infrastructure.iam_requests import allows
from tests.infrastructure.policies import policies_of
from tests.infrastructure.test_policies import (
    ADMINISTRATOR,
    BOUNDARY,
    BOUNDED,
    CLIENT_ROLE,
    ENCRYPTED,
    IAM,
    MARKED,
    OURS,
    SECRET,
    TABLE,
    USER,
)

Request = tuple[str, str, dict[str, str]]

FOREIGN_ROLE = f"{IAM}:role/somebody-elses"
SERVICE_ROLE = f"{IAM}:role/octopus-anl-service"
ANOTHER_KEY = "arn:aws:kms:us-east-1:111122223333:key/another"
PARAMETER = "arn:aws:ssm:us-east-1:111122223333:parameter"

ESCAPES: list[Request] = [
    ("iam:CreateUser", f"{IAM}:user/operators/eve", BOUNDED | MARKED),
    ("iam:CreateUser", f"{IAM}:user/eve", BOUNDED | MARKED),
    ("iam:CreateUser", USER, MARKED),
    ("iam:CreateUser", USER, MARKED | {"iam:PermissionsBoundary": ADMINISTRATOR}),
    ("iam:DeleteUserPermissionsBoundary", USER, OURS),
    ("iam:DeleteUserPermissionsBoundary", f"{IAM}:user/octopus/anl/octopus-anl-service", {}),
    ("iam:PutUserPermissionsBoundary", USER, OURS | {"iam:PermissionsBoundary": ADMINISTRATOR}),
    ("iam:CreatePolicyVersion", BOUNDARY, {}),
    ("iam:DeletePolicy", BOUNDARY, {}),
    ("iam:AttachUserPolicy", USER, BOUNDED | OURS | {"iam:PolicyARN": ADMINISTRATOR}),
    ("iam:PutUserPolicy", f"{IAM}:user/octopus/anl/octopus-anl-service", BOUNDED | OURS),
    ("iam:CreateAccessKey", f"{IAM}:user/operators/eve", OURS),
    ("iam:CreateLoginProfile", USER, OURS),
    *(
        (f"iam:{action}", role, {})
        for action in (
            "PassRole",
            "CreateRole",
            "AttachRolePolicy",
            "PutRolePolicy",
            "UpdateAssumeRolePolicy",
            "DeleteRolePermissionsBoundary",
        )
        for role in (FOREIGN_ROLE, SERVICE_ROLE, CLIENT_ROLE)
    ),
    ("sts:AssumeRole", FOREIGN_ROLE, {}),
    ("sts:AssumeRole", SERVICE_ROLE, {}),
    ("secretsmanager:GetSecretValue", f"{SECRET}:somebody-elses-AbCdEf", {}),
    ("secretsmanager:GetSecretValue", f"{SECRET}:octopus/another/globus-client-secret-AbCdEf", {}),
    ("secretsmanager:PutSecretValue", f"{SECRET}:octopus/anl/globus-client-secret-AbCdEf", {}),
    ("dynamodb:GetItem", f"{TABLE}/somebody-elses", {}),
    ("dynamodb:GetItem", f"{TABLE}/octopus-another-registry", {}),
    ("dynamodb:DeleteTable", f"{TABLE}/octopus-anl-registry", {}),
    ("dynamodb:UpdateTable", f"{TABLE}/octopus-anl-registry", {}),
    ("kms:Decrypt", ANOTHER_KEY, ENCRYPTED),
    ("kms:PutKeyPolicy", ANOTHER_KEY, {}),
    ("ssm:GetParameter", f"{PARAMETER}/octopus/another/gateway_url", {}),
    ("ssm:PutParameter", f"{PARAMETER}/octopus/anl/cluster_arn", {}),
    ("s3:GetObject", "arn:aws:s3:::octopus-anl-archive-111122223333-us-east-1/x", {}),
    ("kafka:DeleteCluster", "arn:aws:kafka:us-east-1:111122223333:cluster/octopus-anl/x", {}),
]


@pytest.mark.parametrize("installation", ["campus", "tasks", "sessions"])
def test_no_principal_gets_out_of_its_bounds(request: pytest.FixtureRequest, installation: str) -> None:
    policies = policies_of(request.getfixturevalue(installation))
    allowed = [
        (name, action, resource)
        for name, policy in policies.items()
        for action, resource, context in ESCAPES
        if allows(policy, action, resource, context)
    ]
    assert allowed == []
