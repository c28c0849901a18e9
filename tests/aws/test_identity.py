"""What IAM, STS and KMS make of the service's policy."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest

from tests.aws.conftest import LONGEST_S
from tests.aws.fixtures import FABRIC_TAG, PATH
from tests.aws.principals import Caller, error_of, is_denied, policy_arn, role_of_the_lane
from tests.aws_account import Account

pytestmark = [pytest.mark.aws, pytest.mark.timeout(LONGEST_S)]

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)
MANAGED = {"Path": "/msk-policies/", "PolicyDocument": NOTHING}


def test_service_makes_users_keys_and_policies_in_its_bounds(
    account: Account, institution: str, service: Caller, new_user: Callable[[], str]
) -> None:
    iam, name = service.client("iam"), new_user()
    iam.put_user_policy(UserName=name, PolicyName="octopus", PolicyDocument=NOTHING)
    iam.tag_user(UserName=name, Tags=[{"Key": FABRIC_TAG, "Value": institution}])
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName=name, AccessKeyId=key, Status="Inactive")
    iam.get_access_key_last_used(AccessKeyId=key)
    policy = iam.create_policy(PolicyName=f"octopus-{institution}-{name}-1", **MANAGED)["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    iam.detach_user_policy(UserName=name, PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    iam.delete_access_key(UserName=name, AccessKeyId=key)
    iam.delete_user_policy(UserName=name, PolicyName="octopus")
    user = account.client("iam").get_user(UserName=name)["User"]
    assert user["Path"] == PATH
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(
        f"/octopus-{institution}-principal-boundary"
    )


def test_a_user_that_is_not_there_is_absent_and_not_forbidden(service: Caller) -> None:
    iam, name = service.client("iam"), str(uuid.uuid4())
    assert error_of(iam.get_user, UserName=name) == "NoSuchEntity"
    assert error_of(iam.get_user_policy, UserName=name, PolicyName="octopus") == "NoSuchEntity"
    assert error_of(iam.list_access_keys, UserName=name) == "NoSuchEntity"


def test_service_makes_no_user_out_of_its_bounds(
    account: Account, institution: str, service: Caller, boundary: str
) -> None:
    create, name = service.client("iam").create_user, str(uuid.uuid4())
    tags = [{"Key": FABRIC_TAG, "Value": institution}]
    another = [{"Key": FABRIC_TAG, "Value": "another"}]
    assert is_denied(create, UserName=name, Path=PATH, Tags=tags)
    assert is_denied(create, UserName=name, Path=PATH, Tags=tags, PermissionsBoundary=ADMINISTRATOR)
    assert is_denied(create, UserName=name, Path="/elsewhere/", Tags=tags, PermissionsBoundary=boundary)
    assert is_denied(create, UserName=name, Path=PATH, Tags=another, PermissionsBoundary=boundary)
    assert is_denied(create, UserName=name, Path=PATH, PermissionsBoundary=boundary)
    assert error_of(account.client("iam").get_user, UserName=name) == "NoSuchEntity"


def test_no_boundary_is_taken_off_or_widened(
    service: Caller, boundary: str, new_user: Callable[[], str]
) -> None:
    iam, name = service.client("iam"), new_user()
    assert is_denied(iam.delete_user_permissions_boundary, UserName=name)
    assert is_denied(iam.put_user_permissions_boundary, UserName=name, PermissionsBoundary=ADMINISTRATOR)
    assert is_denied(iam.create_policy_version, PolicyArn=boundary, PolicyDocument=NOTHING, SetAsDefault=True)
    assert is_denied(iam.delete_policy, PolicyArn=boundary)


def test_no_policy_but_the_users_own_is_attached(
    account: Account, institution: str, service: Caller, new_user: Callable[[], str]
) -> None:
    iam, name = service.client("iam"), new_user()
    of_service = policy_arn(account, f"octopus-{institution}-service")
    assert is_denied(iam.attach_user_policy, UserName=name, PolicyArn=ADMINISTRATOR)
    assert is_denied(iam.attach_user_policy, UserName=name, PolicyArn=of_service)
    assert is_denied(iam.create_policy, PolicyName="anything", **MANAGED)
    assert is_denied(iam.create_login_profile, UserName=name, Password=str(uuid.uuid4()))


def test_users_of_another_fabric_are_out_of_reach(account: Account, service: Caller, boundary: str) -> None:
    theirs, name = account.client("iam"), str(uuid.uuid4())
    tags = [{"Key": FABRIC_TAG, "Value": "another"}]
    theirs.create_user(UserName=name, Path=PATH, PermissionsBoundary=boundary, Tags=tags)
    try:
        iam = service.client("iam")
        assert is_denied(iam.create_access_key, UserName=name)
        assert is_denied(iam.put_user_policy, UserName=name, PolicyName="octopus", PolicyDocument=NOTHING)
        assert is_denied(iam.tag_user, UserName=name, Tags=[{"Key": FABRIC_TAG, "Value": "ours"}])
        assert is_denied(iam.delete_user, UserName=name)
    finally:
        theirs.delete_user(UserName=name)


def test_service_takes_no_role_that_is_not_its_own(
    account: Account, institution: str, service: Caller
) -> None:
    sts, someone = service.client("sts"), str(uuid.uuid4())
    with role_of_the_lane(account, f"octopus-{institution}-foreign") as foreign:
        # Its trust lets the whole account in.
        assert foreign.assumed().user_id
        assert is_denied(sts.assume_role, RoleArn=foreign.arn, RoleSessionName=someone)


def test_role_of_sessions_trusts_the_services_own_role_alone(
    account: Account, institution: str, service: Caller
) -> None:
    found = account.client("ssm").get_parameter(Name=f"/octopus/{institution}/client_role_arn")
    role, someone = found["Parameter"]["Value"], str(uuid.uuid4())
    # The same policy is not enough, nor is an administrator's.
    for caller in (service.client("sts"), account.client("sts")):
        assert is_denied(caller.assume_role, RoleArn=role, RoleSessionName=someone, SourceIdentity=someone)


def test_key_of_credentials_wants_its_encryption_context(
    account: Account, institution: str, service: Caller
) -> None:
    parameter = account.client("ssm").get_parameter(Name=f"/octopus/{institution}/credentials_key_arn")
    kms, key = service.client("kms"), parameter["Parameter"]["Value"]
    whole = {"purpose": "octopus-credential", "subject": "x", "access_key_id": "y"}
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=whole)["CiphertextBlob"]
    opened = kms.decrypt(KeyId=key, CiphertextBlob=sealed, EncryptionContext=whole)
    assert opened["Plaintext"] == b"secret"
    assert is_denied(kms.encrypt, KeyId=key, Plaintext=b"secret")
    assert is_denied(kms.encrypt, KeyId=key, Plaintext=b"secret", EncryptionContext={"purpose": "another"})


def test_metrics_are_written_to_the_fabrics_namespace_alone(institution: str, service: Caller) -> None:
    put = service.client("cloudwatch").put_metric_data
    measured = [{"MetricName": "UsersOfCeiling", "Value": 0.0, "Unit": "Percent"}]
    put(Namespace=f"Octopus/{institution}", MetricData=measured)
    assert is_denied(put, Namespace="Octopus/another", MetricData=measured)
