"""``scripts/empty-buckets`` against the emulator."""

from __future__ import annotations

import pytest
from botocore.stub import Stubber

from stacks.first_day import empty_buckets
from stacks.first_day.account import Account
from stacks.first_day.left import buckets
from tests.integration.first_day.conftest import MakeAccount, words
from tests.integration.first_day.test_clean_failed import bucket


def versions(account: Account, name: str) -> int:
    """How many versions and delete markers the bucket holds."""
    return len(list(buckets._versions(account, name)))


def test_all_versions_go_with_the_name_typed_and_allow_data_loss(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    account = make_account()
    s3 = account.client("s3")
    ours, other = bucket(account, "archive"), "somebody-else-s"
    s3.create_bucket(Bucket=other)
    for number in range(3):
        s3.put_object(Bucket=ours, Key="a", Body=str(number).encode())
        s3.put_object(Bucket=other, Key="a", Body=b"1")
    s3.delete_object(Bucket=ours, Key="a")
    assert versions(account, ours) == 4

    assert empty_buckets.main([*words(), "--yes", "anl"]) == 1
    assert "allow_data_loss must be true" in capsys.readouterr().err
    assert empty_buckets.main([*words(allow_data_loss="true"), "--yes", "ornl"]) == 1
    assert versions(account, ours) == 4

    assert empty_buckets.main([*words(allow_data_loss="true"), "--yes", "anl"]) == 0
    assert f"{ours}: 4 versions deleted" in capsys.readouterr().out
    assert (versions(account, ours), versions(account, other)) == (0, 1)
    s3.delete_bucket(Bucket=ours)
    assert empty_buckets.main([*words(allow_data_loss="true"), "--yes", "anl"]) == 0
    assert "has no buckets" in capsys.readouterr().out


def test_more_than_one_request_takes_is_deleted(
    make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    monkeypatch.setattr(buckets, "_AT_ONCE", 2)
    s3, name = account.client("s3"), bucket(account, "logs")
    for number in range(5):
        s3.put_object(Bucket=name, Key=f"{number}", Body=b"")
    told: list[int] = []
    assert buckets.empty(account, name, told.append) == 5
    assert (told, versions(account, name)) == ([2, 4, 5], 0)


def test_version_that_s3_keeps_is_told(make_account: MakeAccount) -> None:
    account = make_account()
    name = f"octopus-anl-archive-{account.id}-us-east-1"
    with Stubber(account.client("s3")) as answers:
        answers.add_response("list_object_versions", {"Versions": [{"Key": "a", "VersionId": "1"}]})
        kept = {"Key": "a", "Code": "AccessDenied", "Message": "object lock"}
        answers.add_response("delete_objects", {"Errors": [kept]})
        with pytest.raises(RuntimeError, match="keeps a: AccessDenied: object lock"):
            buckets.empty(account, name)
