"""What the service mends of a principal, on an emulator's IAM: such calls are rare, and are recorded here."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from octopus import aws
from octopus.accounts.principal import FABRIC_TAG, IamPrincipals
from octopus.iam.holdings import DataRight, Level, own
from tests.integration.broker.node import CLUSTER_ARN
from tests.integration.service.deployment import Deployment


@pytest.fixture
def principals(deployment: Deployment) -> IamPrincipals:
    """The fabric's."""
    told = deployment.settings
    return IamPrincipals(
        aws.iam(),
        institution=told.institution,
        boundary_arn=told.principal_boundary_arn,
        cluster_arn=CLUSTER_ARN,
    )


def test_boundary_and_tag_that_somebody_took_off_are_put_back(
    deployment: Deployment, principals: IamPrincipals, iam: Any
) -> None:
    subject = str(uuid.uuid4())
    principals.ensure(subject, own("ns-111111111111"))
    iam.delete_user_permissions_boundary(UserName=subject)
    iam.untag_user(UserName=subject, TagKeys=[FABRIC_TAG])

    principals.ensure(subject, own("ns-111111111111"))

    user = iam.get_user(UserName=subject)["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == deployment.settings.principal_boundary_arn
    assert user["Tags"] == [{"Key": FABRIC_TAG, "Value": deployment.settings.institution}]


def test_policy_changes_more_often_than_iam_keeps_its_versions(principals: IamPrincipals, iam: Any) -> None:
    subject = str(uuid.uuid4())
    for count in range(20, 27):
        shared = frozenset(DataRight(f"astro.topic-{number:04}", Level.READ) for number in range(count))
        principals.ensure(subject, own("ns-111111111111") | shared)

    (attached,) = iam.list_attached_user_policies(UserName=subject)["AttachedPolicies"]
    assert len(iam.list_policy_versions(PolicyArn=attached["PolicyArn"])["Versions"]) <= 5
