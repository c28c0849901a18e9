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
from octopus.status.models import Part

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=5)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FabricSettings:
    monkeypatch.setenv("OCTOPUS_HOME", str(tmp_path))
    return FabricSettings()


def write(settings: FabricSettings, *broken: Part, away: tuple[Away, ...] = ()) -> None:
    """A report as the process writes it."""
    parts = {part: Stand(works=part not in broken, since=SINCE) for part in Part}
    report.write(heartbeat_file(settings), Report(round=7, checked=NOW, parts=parts, away=away))


def process(since: datetime | None) -> ProcessStatus:
    """The heartbeat's."""
    return ProcessStatus(
        name="heartbeat", title="heartbeat", state="running", ready=True, pid=1, since=since, ports=[]
    )


def test_nothing_is_found_before_anybody_has_looked(settings: FabricSettings) -> None:
    assert finding(settings, [process(SINCE)]) is None
    write(settings)
    assert finding(settings, [process(None)]) is None
    assert finding(settings, [process(NOW + timedelta(seconds=1))]) is None


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

    found = finding(settings.model_copy(update={"brokers": 3}), [process(SINCE)])

    assert found == Finding(checked=NOW, broken=[Broken(part=Part.PRODUCE, since=SINCE)], probably=probably)


def test_globus_itself_is_no_process_of_this_machine(settings: FabricSettings) -> None:
    write(settings, Part.LOGIN, away=(Away.GLOBUS,))
    real = settings.model_copy(update={"globus_auth_url": "https://auth.globus.org/"})
    found = finding(real, [process(SINCE)])
    assert found is not None
    assert found.probably == []


def test_status_ends_with_1_while_something_does_not_work(
    settings: FabricSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Fabric, "status", lambda _fabric: [process(SINCE)])
    write(settings)
    commands.status()
    assert "Everything works, as the heartbeat found at" in capsys.readouterr().out

    write(settings, Part.CONSUME, Part.HTTPS, away=(Away.JUDGE,))
    with pytest.raises(typer.Exit) as ended:
        commands.status()
    assert ended.value.exit_code == 1
    shown = capsys.readouterr().out
    assert "consume since" in shown
    assert "https since" in shown
    assert "no answer of judge" in shown
