"""A release is recorded as a commit makes it, where the guard lets it pass, and read as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.guard import command, installations, record, release
from stacks.guard.release import Release
from stacks.settings.presets import PRESETS
from tests.infrastructure.conftest import Templates
from tests.infrastructure.synthesis import FILES


def test_release_is_read_as_it_was_written(local: Templates, tmp_path: Path) -> None:
    made = release.Installation({"preset": "local", "zones": 1}, release.of_templates(local))
    for version in ("0.9.0", "0.10.0"):
        release.write(Release(version, "abc", {"one": made}), tmp_path)
    assert release.last(tmp_path) == Release("0.10.0", "abc", {"one": made})
    with pytest.raises(FileExistsError):
        release.write(Release("0.9.0", "def", {}), tmp_path)


@pytest.fixture
def committed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a clone with nothing left to commit, that knows one preset alone."""
    monkeypatch.setattr(record, "_git", lambda *words: "" if words[0] == "status" else "abc")
    monkeypatch.setattr(installations, "known", lambda: {"preset-local": {"preset": "local"}})


@pytest.mark.usefixtures("committed")
def test_release_that_was_just_recorded_is_what_the_tree_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record.main(["0.2.0", "--releases", str(tmp_path)]) == 0
    assert "git tag -a v0.2.0 abc" in capsys.readouterr().out
    assert release.last(tmp_path).commit == "abc"
    assert command.main(["--releases", str(tmp_path)]) == 0
    assert record.main(["0.2.0", "--releases", str(tmp_path)]) == 2
    assert "0.2.0 is recorded already" in capsys.readouterr().err


@pytest.mark.usefixtures("committed")
def test_release_that_the_guard_objects_to_is_not_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    templates = installations.synthesize({"preset": "local"})
    table = templates["foundation"]["Resources"]["RegistryTableDB777839"]
    table["Properties"]["TableName"] = "octopus-of-old"
    was = release.Installation({"preset": "local"}, release.of_templates(templates))
    release.write(Release("0.1.0", "abc", {"preset-local": was}), tmp_path)

    assert record.main(["0.2.0", "--releases", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "replaced: foundation/RegistryTableDB777839: " in said.out
    assert "0.2.0 is not recorded" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["0.1.0"]


@pytest.mark.parametrize(
    ("version", "status", "says"), [("2", "", "three numbers"), ("0.2.0", " M app.py", "Commit first")]
)
def test_release_of_no_commit_is_not_recorded(
    version: str,
    status: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(record, "_git", lambda *words: status)
    assert record.main([version, "--releases", str(tmp_path)]) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_presets_and_settings_files_are_all_recorded() -> None:
    assert installations.known().keys() == {*(f"preset-{name}" for name in PRESETS), *FILES}
