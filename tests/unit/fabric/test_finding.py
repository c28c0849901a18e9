"""What `octopus status` makes of the heartbeat's last report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from octopus.cli import fabric as commands
from octopus.fabric.finding import Broken, Finding, finding
from octopus.fabric.processes import heartbeat_file
from octopus.fabric.service import Fabric, ProcessStatus
from octopus.fabric.settings import FabricSettings
from octopus.heartbeat import report
from octopus.heartbeat.report import Away, Report, Stand
from octopus.status.models import UNSEEN, Part

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FabricSettings:
    monkeypatch.setenv("OCTOPUS_HOME", str(tmp_path))
    return FabricSettings()


def write(
    settings: FabricSettings, *broken: Part, away: tuple[Away, ...] = (), checked: datetime = NOW
) -> None:
    """A report as the process writes it."""
    parts = {part: Stand(works=part not in broken, since=SINCE) for part in Part}
    report.write(heartbeat_file(settings), Report(round=7, checked=checked, parts=parts, away=away))


def look(settings: FabricSettings, since: datetime | None = SINCE, *, at: datetime = NOW) -> Finding | None:
    """What is found at a time, of a process that began at another."""
    return finding(settings, [process(since)], clock=at.timestamp)


def process(since: datetime | None) -> ProcessStatus:
    """The heartbeat's."""
    return ProcessStatus(
        name="heartbeat", title="heartbeat", state="running", ready=True, pid=1, since=since, ports=[]
    )


def test_nothing_is_found_before_anybody_has_looked(settings: FabricSettings) -> None:
    assert look(settings, NOW - UNSEEN + SECOND) is None
    write(settings)
    assert look(settings, None) is None
    assert look(settings, NOW + SECOND, at=NOW + UNSEEN) is None


def test_process_that_has_not_looked_for_three_minutes_hangs(settings: FabricSettings) -> None:
    write(settings, Part.PRODUCE)
    found = look(settings, at=NOW + UNSEEN)
    assert found is not None
    assert not found.silent
    found = look(settings, at=NOW + UNSEEN + SECOND)
    assert found is not None
    assert (found.silent, found.checked) == (True, NOW)


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"round": 1}', '{"parts": []}', "\xff"])
def test_process_that_never_looked_or_wrote_what_nobody_can_read_hangs_after_as_long(
    settings: FabricSettings, content: str | None
) -> None:
    if content is not None:
        heartbeat_file(settings).write_text(content, encoding="latin-1")
    began = NOW - UNSEEN - SECOND
    assert look(settings, began) == Finding(checked=began, silent=True, broken=[], probably=[])


@pytest.mark.parametrize(
    ("away", "probably"),
    [
        (Away.AWS, ["emulator"]),
        (Away.BROKERS, ["broker", "broker-2", "broker-3"]),
        (Away.JUDGE, ["judge"]),
        (Away.SERVICE, ["service"]),
        (Away.GLOBUS, ["globus"]),
    ],
)
def test_broken_path_is_found_with_its_probable_cause(
    settings: FabricSettings, away: Away, probably: list[str]
) -> None:
    write(settings, Part.PRODUCE, away=(away,))

    found = look(settings.model_copy(update={"brokers": 3}))

    assert found == Finding(
        checked=NOW, silent=False, broken=[Broken(part=Part.PRODUCE, since=SINCE)], probably=probably
    )


def test_globus_itself_is_no_process_of_this_machine(settings: FabricSettings) -> None:
    write(settings, Part.LOGIN, away=(Away.GLOBUS,))
    real = settings.model_copy(update={"globus_auth_url": "https://auth.globus.org/"})
    found = look(real)
    assert found is not None
    assert found.probably == []


def test_status_ends_with_1_while_something_does_not_work(
    settings: FabricSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Fabric, "status", lambda _fabric: [process(NOW - timedelta(days=9))])
    now = datetime.now(UTC)
    write(settings, checked=now)
    commands.status()
    shown = f"{now.astimezone():%Y-%m-%d %H:%M:%S}"
    assert f"Everything works, as the heartbeat found at {shown}." in capsys.readouterr().out

    write(settings, Part.CONSUME, Part.HTTPS, away=(Away.JUDGE,), checked=now)
    with pytest.raises(typer.Exit) as ended:
        commands.status()
    assert ended.value.exit_code == 1
    shown = capsys.readouterr().out
    assert "consume since" in shown
    assert "https since" in shown
    assert "no answer of judge" in shown


def test_status_ends_with_1_while_the_heartbeat_hangs(
    settings: FabricSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Fabric, "status", lambda _fabric: [process(NOW - timedelta(days=9))])
    checked = datetime.now(UTC) - timedelta(days=1)
    write(settings, checked=checked)
    with pytest.raises(typer.Exit) as ended:
        commands.status()
    assert ended.value.exit_code == 1
    shown = capsys.readouterr().out
    assert f"The heartbeat has not looked since {checked.astimezone():%Y-%m-%d %H:%M:%S}" in shown
    assert "works" not in shown
