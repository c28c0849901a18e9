"""IAM read user by user and all at once: both say the same."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from octopus.judge.account import Account
from octopus.judge.principals import effective
from tests.integration.judge.institution import CLUSTER_ARN, Institution, Tenant
from tests.integration.judge.plugin import topic


@pytest.fixture
def account(institution: Institution) -> Account:
    return Account(institution.iam, paths=("/msk-users/", "/octopus/test/"), cluster_arn=CLUSTER_ARN)


@pytest.fixture
def physicist(institution: Institution) -> Iterator[Tenant]:
    """A tenant with everything that a user can have, and a managed policy of two versions."""
    tenant, iam, name = institution.tenant(), institution.iam, f"p{uuid.uuid4().hex[:8]}"
    of_user = policy(institution, f"{name}-user", "old")
    iam.create_policy_version(PolicyArn=of_user, PolicyDocument=reading("new"), SetAsDefault=True)
    iam.attach_user_policy(UserName=tenant.subject, PolicyArn=of_user)
    iam.put_user_policy(UserName=tenant.subject, PolicyName="second", PolicyDocument=reading("inline"))
    iam.create_group(GroupName=name)
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=reading("group"))
    iam.attach_group_policy(GroupName=name, PolicyArn=policy(institution, f"{name}-group", "of-group"))
    iam.add_user_to_group(GroupName=name, UserName=tenant.subject)
    iam.tag_user(UserName=tenant.subject, Tags=[{"Key": "team", "Value": "a*"}])
    yield tenant
    # A group without its policy would be in nobody else's way, but in every listing.
    iam.remove_user_from_group(GroupName=name, UserName=tenant.subject)


def test_listing_says_of_a_user_what_reading_it_says(account: Account, physicist: Tenant) -> None:
    alone = account.user(physicist.subject)
    assert alone is not None
    assert account.users({physicist.subject})[physicist.subject] == alone
    assert len(alone.documents) == 5
    assert alone.boundary is not None
    assert len(alone.boundary) == 1
    resources = {
        resource
        for rule in effective(alone).layers[0]
        for resource in rule.resources or ()
        if "ns-" not in resource
    }
    assert resources == {CLUSTER_ARN, *(topic(name) for name in ("new", "inline", "group", "of-group"))}


def test_user_whose_boundary_is_not_told_is_listed_when_it_is_in_use(
    institution: Institution, account: Account
) -> None:
    name = f"octopus-{uuid.uuid4().hex[:8]}-service"
    institution.iam.create_user(UserName=name, Path="/octopus/test/")
    listed = account.users({name})[name]
    assert (listed.boundary, listed) == (None, account.user(name))
    assert name not in account.users(())


def test_users_of_other_paths_are_not_listed(institution: Institution, account: Account) -> None:
    name = f"operator-{uuid.uuid4().hex[:8]}"
    institution.iam.create_user(UserName=name, Path="/operators/")
    assert name not in account.users({name})


def test_boundary_that_is_gone_still_bounds(institution: Institution, account: Account) -> None:
    name = uuid.uuid4().hex
    boundary = policy(institution, name, "any")
    institution.iam.create_user(UserName=name, Path="/msk-users/", PermissionsBoundary=boundary)
    institution.iam.delete_policy(PolicyArn=boundary)
    alone = account.user(name)
    assert alone is not None
    assert alone.boundary == ()
    assert effective(alone).layers == ((), ())
    assert account.users({name})[name] == alone


def test_user_that_is_not_there_is_none(account: Account) -> None:
    assert account.user(str(uuid.uuid4())) is None


def policy(institution: Institution, name: str, of: str) -> str:
    made: dict[str, Any] = institution.iam.create_policy(PolicyName=name, PolicyDocument=reading(of))
    return str(made["Policy"]["Arn"])


def reading(of: str) -> str:
    statement = {"Effect": "Allow", "Action": "kafka-cluster:ReadData", "Resource": topic(of)}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
