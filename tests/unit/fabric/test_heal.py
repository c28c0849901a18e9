"""What the service's log says of the time that an unclean stop took away."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from octopus.credentials.keys import Keys
from octopus.credentials.models import Kind, StoredKey
from octopus.fabric.heal import Unclean
from octopus.fabric.healing.journal import read_journal
from octopus.fabric.healing.keys import delete_again
from octopus.fabric.settings import FabricSettings

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def line(minute: int, event: str, **fields: str) -> str:
    time = NOON + datetime.timedelta(minutes=minute)
    return json.dumps({"time": time.isoformat(), "event": event, **fields})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FabricSettings:
    monkeypatch.setenv("OCTOPUS_HOME", str(tmp_path))
    (tmp_path / "log").mkdir()
    return FabricSettings()


def test_journal_reads_rotated_logs_in_order_and_only_what_came_after(settings: FabricSettings) -> None:
    folder = settings.home / "log"
    (folder / "service.log.2").write_text(line(1, "key.issued", subject="a") + "\n")
    (folder / "service.log.1").write_text(line(3, "key.issued", subject="b") + "\n")
    (folder / "service.log").write_text(
        "\n".join(
            [
                line(4, "request", subject="b"),
                "Traceback (most recent call last):",
                '"a string"',
                line(5, "topic.created", subject="c"),
                line(6, "key.deleted"),
                line(7, "grant.revoked", namespace="lab"),
            ]
        )
    )
    since = NOON + datetime.timedelta(minutes=2)
    later = [entry["event"] for entry in read_journal(settings, since=since)]
    assert later == ["key.issued", "topic.created", "grant.revoked"]
    assert len(list(read_journal(settings, since=None))) == 4


class RestoredKeys(Keys):
    """Keys as the last clean state had them: each subject with one."""

    def __init__(self, **key_of: str) -> None:
        self._key_of = key_of

    def recorded(self, subject: str) -> list[StoredKey]:
        held = self._key_of.get(subject)
        if held is None:
            return []
        return [
            StoredKey(
                access_key_id=held,
                subject=subject,
                user_name=subject,
                kind=Kind.IAM_USER,
                secret=b"",
                created="",
            )
        ]

    def revoke(self, subject: str, access_key_id: str) -> bool:
        return self._key_of.pop(subject) == access_key_id


@pytest.mark.parametrize("later", [[], [{"event": "key.issued", "subject": "a", "access_key_id": "AKIA2"}]])
def test_key_that_was_deleted_stays_deleted_whatever_came_after(later: list[dict[str, str]]) -> None:
    keys = RestoredKeys(a="AKIA1", b="AKIA3")
    journal = [
        {"event": "key.deleted", "subject": "a", "access_key_id": "AKIA1"},
        {"event": "key.issued", "subject": "b", "access_key_id": "AKIA4"},
        *later,
    ]

    said = list(delete_again(keys, journal, {"a": "alice"}))

    assert said == ["Deleted the keys of alice again."]
    assert keys.recorded("a") == []
    assert [key.access_key_id for key in keys.recorded("b")] == ["AKIA3"]


def test_unclean_stop_says_which_state_came_back() -> None:
    assert "last clean state, of 2026-11-22 12:00:00+00:00" in Unclean(restored_to=NOON).sentence()
    assert "cleared, buckets too" in Unclean(restored_to=None).sentence()
