"""``scripts/restore-registry`` against the emulator, which restores a table only as it is now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from stacks.first_day.account import Account
from stacks.restore import restore_registry, tables
from tests.integration.first_day.conftest import MakeAccount, words

REGISTRY, CREDENTIALS = "octopus-anl-registry", "octopus-anl-credentials"
MOMENT = "2026-11-22T09:30:00Z"

Rows = dict[tuple[str, str], str]


@pytest.fixture
def account(make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with both tables, restorable to any second of these weeks."""
    account = make_account()
    for name in (REGISTRY, CREDENTIALS):
        account.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
    # The emulator knows one restorable second, the present.
    window = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    monkeypatch.setattr(tables, "restorable", lambda _account, _table: window)
    return account


def write(account: Account, table: str, rows: Rows) -> None:
    for (pk, sk), value in rows.items():
        item: Any = {"pk": {"S": pk}, "sk": {"S": sk}, "value": {"S": value}}
        account.client("dynamodb").put_item(TableName=table, Item=item)


def rows(account: Account, table: str) -> Rows:
    return {(row["pk"]["S"], row["sk"]["S"]): row["value"]["S"] for row in tables._rows(account, table)}


def delete(account: Account, table: str, pk: str, sk: str) -> None:
    account.client("dynamodb").delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})


def restore(*step: str) -> int:
    return restore_registry.main([*words(), *step])


def test_tables_are_as_they_were_and_what_happened_since_stays_on_record(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = {("TOPIC#a", "TOPIC"): "1", ("TOPIC#b", "TOPIC"): "1", ("SUBJECT#x", "ACCOUNT"): "active"}
    keys = {("KEY#1", "KEY"): "secret", ("USE#1", "USE"): "yesterday"}
    write(account, REGISTRY, registry)
    write(account, CREDENTIALS, keys)
    assert restore("--to", MOMENT) == 0
    assert "octopus-anl-registry-restored: as octopus-anl-registry was" in capsys.readouterr().out

    delete(account, REGISTRY, "TOPIC#a", "TOPIC")
    write(account, REGISTRY, {("SUBJECT#x", "ACCOUNT"): "deleting", ("TOPIC#c", "TOPIC"): "1"})
    since = {("AUDIT#2026-11-22", "1"): "topic.deleted", ("STATUS", "produce"): "works"}
    write(account, REGISTRY, since)
    write(account, CREDENTIALS, {("USE#1", "USE"): "today", ("KEY#2", "KEY"): "secret"})

    assert restore("--put-back", "--yes", "ornl") == 1
    assert ("TOPIC#c", "TOPIC") in rows(account, REGISTRY)
    capsys.readouterr()
    assert restore("--put-back", "--yes", "anl") == 0
    said = capsys.readouterr().out
    assert (
        f"{REGISTRY}: 1 rows are as they were, 2 to be put back, 1 that came since to be deleted; 2 " in said
    )
    assert rows(account, REGISTRY) == {**registry, **since}
    assert rows(account, CREDENTIALS) == {**keys, ("USE#1", "USE"): "today"}

    assert restore("--put-back") == 0
    assert "Nothing to put back" in capsys.readouterr().out
    assert restore("--forget", "--yes", "anl") == 0
    left = account.client("dynamodb").list_tables()["TableNames"]
    assert sorted(left) == [CREDENTIALS, REGISTRY]


def test_more_rows_than_one_request_takes_are_put_back(account: Account) -> None:
    many = {(f"TOPIC#{number}", "TOPIC"): "1" for number in range(60)}
    write(account, REGISTRY, many)
    assert restore("--to", MOMENT) == 0
    for pk, sk in many:
        delete(account, REGISTRY, pk, sk)
    write(account, REGISTRY, {(f"NEW#{number}", "TOPIC"): "1" for number in range(30)})
    assert restore("--put-back", "--yes", "anl") == 0
    assert rows(account, REGISTRY) == many


def test_rows_that_dynamodb_leaves_are_written_again(account: Account) -> None:
    row = {"pk": {"S": "TOPIC#a"}, "sk": {"S": "TOPIC"}}
    left = {REGISTRY: [{"PutRequest": {"Item": row}}]}
    with Stubber(account.client("dynamodb")) as answers:
        answers.add_response("batch_write_item", {"UnprocessedItems": left}, {"RequestItems": left})
        answers.add_response("batch_write_item", {"UnprocessedItems": {}}, {"RequestItems": left})
        tables.apply(account, REGISTRY, tables.Difference(put=[row], delete=[], same=0, staying=0))
        answers.assert_no_pending_responses()


def test_nothing_is_put_back_that_was_not_restored(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore("--put-back", "--yes", "anl") == 1
    assert "begin with --to" in capsys.readouterr().err
    assert restore("--forget", "--yes", "anl") == 0


def test_what_is_restored_beside_is_not_mixed_with_another_second(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore("--to", MOMENT) == 0
    assert restore("--to", "2026-11-23T09:30:00Z") == 1
    assert "is there already" in capsys.readouterr().err


def test_second_outside_the_window_restores_nothing(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore("--to", "2025-11-22T09:30:00Z") == 1
    assert "octopus-anl-registry can be restored from 2026-11-01" in capsys.readouterr().err
    assert not tables.exists(account, tables.restored_name(REGISTRY))


def test_window_is_that_of_dynamodb_and_none_without_recovery(make_account: MakeAccount) -> None:
    account = make_account()
    now = datetime.now(UTC).replace(microsecond=0)
    states: list[dict[str, Any]] = [
        {
            "PointInTimeRecoveryStatus": "ENABLED",
            "EarliestRestorableDateTime": now - timedelta(days=35),
            "LatestRestorableDateTime": now,
        },
        {"PointInTimeRecoveryStatus": "DISABLED"},
    ]
    with Stubber(account.client("dynamodb")) as answers:
        for state in states:
            description = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": state}
            answers.add_response("describe_continuous_backups", {"ContinuousBackupsDescription": description})
        assert tables.restorable(account, REGISTRY) == (now - timedelta(days=35), now)
        with pytest.raises(RuntimeError, match="point-in-time recovery is off"):
            tables.restorable(account, REGISTRY)


@pytest.mark.parametrize("time", ["yesterday", "", "22.11.2026"])
def test_what_is_no_time_is_refused(time: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        restore("--to", time)
    assert "is no time" in capsys.readouterr().err


def test_time_without_a_zone_is_utc() -> None:
    assert restore_registry._moment("2026-11-22T09:30:00") == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert restore_registry._moment("2026-11-22T10:30:00+01:00") == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
