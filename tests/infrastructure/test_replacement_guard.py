"""What the guard says of changes to what holds state, made to real templates and through the script."""

from __future__ import annotations

import copy
import datetime
import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from stacks.guard import acknowledged, changes, command, installations, record, release
from stacks.guard.acknowledged import AcknowledgementError
from stacks.guard.changes import Kind
from stacks.guard.release import RELEASES, Release
from stacks.settings.presets import PRESETS
from tests.infrastructure.conftest import Templates
from tests.infrastructure.synthesis import FILES, ROOT, Made

TODAY = datetime.date(2026, 11, 22)
Templated = dict[str, dict[str, Any]]

TABLE = "foundation/RegistryTableDB777839"
BUCKET = "foundation/ArchiveBucket49F1AC64"
KEY = "foundation/CredentialStoreKey99CCB195"
CLUSTER = "kafka/ClusterEB0386A7"
CONFIGURATION = "kafka/Configuration6A36F2CE"


@pytest.fixture(scope="module")
def trial(institutions: list[Made]) -> Mapping[str, dict[str, Any]]:
    """Templates of the trial preset."""
    (made,) = [made for made in institutions if made.name == "tiny-trial"]
    return made.templates


@pytest.fixture
def found(trial: Templates) -> Callable[[Callable[[Templated], object]], list[tuple[Kind, str]]]:
    """Return what the guard finds when the templates are changed so."""

    def found(change: Callable[[Templated], object]) -> list[tuple[Kind, str]]:
        changed = copy.deepcopy(dict(trial))
        change(changed)
        between = changes.between(release.of_templates(trial), release.of_templates(changed))
        return [(one.kind, one.resource) for one in between]

    return found


Found = Callable[[Callable[[Templated], object]], list[tuple[Kind, str]]]


def _resource(templates: Templated, name: str) -> dict[str, Any]:
    stack, _, logical_id = name.partition("/")
    resource: dict[str, Any] = templates[stack]["Resources"][logical_id]
    return resource


def _set(name: str, path: str, value: object) -> Callable[[Templated], None]:
    """Return a change that sets one property, by its path."""

    def change(templates: Templated) -> None:
        *above, last = path.split("/")
        there = _resource(templates, name)
        for each in above:
            there = there[each]
        there[last] = value

    return change


def _renamed(name: str, other: str) -> Callable[[Templated], None]:
    def change(templates: Templated) -> None:
        stack, _, logical_id = name.partition("/")
        resources = templates[stack]["Resources"]
        resources[other] = resources.pop(logical_id)

    return change


def _removed(name: str) -> Callable[[Templated], None]:
    return lambda templates: templates[name.partition("/")[0]]["Resources"].pop(name.partition("/")[2])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set(TABLE, "Properties/TableName", "octopus-other"), [(Kind.REPLACED, TABLE)]),
        (_renamed(BUCKET, "ArchiveBucketOther"), [(Kind.REMOVED, BUCKET)]),
        (_set(CLUSTER, "Properties/ClusterName", "octopus-other"), [(Kind.REPLACED, CLUSTER)]),
        (_removed(KEY), [(Kind.REMOVED, KEY)]),
        (lambda templates: templates.pop("kafka"), [(Kind.REMOVED, CLUSTER), (Kind.REMOVED, CONFIGURATION)]),
        (_set(BUCKET, "Type", "AWS::SQS::Queue"), [(Kind.REPLACED, BUCKET)]),
        (
            _set(CLUSTER, "Properties/BrokerNodeGroupInfo/ClientSubnets", ["subnet-1"]),
            [(Kind.REPLACED, CLUSTER)],
        ),
        (_set(TABLE, "DeletionPolicy", "Delete"), [(Kind.UNPROTECTED, TABLE)]),
        (_set(KEY, "UpdateReplacePolicy", None), [(Kind.UNPROTECTED, KEY)]),
        (_set(TABLE, "Properties/DeletionProtectionEnabled", False), [(Kind.UNPROTECTED, TABLE)]),
        (_set(BUCKET, "Properties/VersioningConfiguration", {}), [(Kind.UNPROTECTED, BUCKET)]),
    ],
    ids=[
        "renamed table",
        "other id of a bucket",
        "renamed cluster",
        "key that is gone",
        "stack that is gone",
        "other type",
        "other subnets",
        "deletion policy",
        "update-replace policy",
        "deletion protection",
        "versioning",
    ],
)
def test_change_that_loses_state_is_found(
    change: Callable[[Templated], object], expected: list[tuple[Kind, str]], found: Found
) -> None:
    assert set(expected) <= set(found(change))
    assert {kind for kind, _ in found(change)} == {kind for kind, _ in expected}
    # Nothing else is but what went with a stack.
    assert {name.partition("/")[0] for _, name in found(change)} == {
        name.partition("/")[0] for _, name in expected
    }


def _together(*each: Callable[[Templated], None]) -> Callable[[Templated], None]:
    def change(templates: Templated) -> None:
        for one in each:
            one(templates)

    return change


_BROKERS = _set(CLUSTER, "Properties/NumberOfBrokerNodes", 6)
_SIZE = _set(CLUSTER, "Properties/BrokerNodeGroupInfo/InstanceType", "kafka.m7g.large")
_CONFIGURED = _set(CONFIGURATION, "Properties/ServerProperties", "log.retention.ms=1\n")


@pytest.mark.parametrize("change", [_together(_BROKERS, _SIZE), _together(_BROKERS, _CONFIGURED)])
def test_two_attributes_of_the_cluster_at_once_are_found(change: Any, found: Found) -> None:
    assert found(change) == [(Kind.TOGETHER, CLUSTER)]


def _alarm(templates: Templated) -> None:
    templates["foundation"]["Resources"]["New"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {}}


@pytest.mark.parametrize(
    "change",
    [
        _alarm,
        _BROKERS,
        _CONFIGURED,
        _together(_SIZE, _set(CLUSTER, "Properties/Tags", {"owner": "physics"})),
        _set(KEY, "Properties/Description", "Reworded"),
        _set(TABLE, "DeletionPolicy", "Retain"),
    ],
    ids=["new alarm", "more brokers", "configuration", "tags beside a size", "other words", "kept for ever"],
)
def test_change_that_loses_nothing_passes(change: Callable[[Templated], object], found: Found) -> None:
    assert found(change) == []


LAST = release.last()


@pytest.mark.parametrize(
    "name", sorted(name for name in LAST.installations if name == "preset-local" or "preset-" not in name)
)
def test_update_of_an_installation_from_the_last_release_loses_nothing(
    name: str, institutions: list[Made]
) -> None:
    was = LAST.installations[name]
    same = [
        made
        for made in institutions
        if made.name == name and tomllib.loads(FILES[name].read_text()) == was.settings
    ]
    now = release.of_templates(same[0].templates if same else installations.synthesize(was.settings))
    meant = acknowledged.read(
        RELEASES / "acknowledged.toml", today=datetime.datetime.now(datetime.UTC).date()
    )
    left = [
        change for change in changes.between(was.stacks, now) if not any(one.covers(change) for one in meant)
    ]
    assert left == []


def test_release_is_read_as_it_was_written(trial: Templates, tmp_path: Path) -> None:
    made = release.Installation({"preset": "trial", "zones": 3}, release.of_templates(trial))
    for version in ("0.9.0", "0.10.0"):
        release.write(Release(version, "abc", {"one": made}), tmp_path)
    assert release.last(tmp_path) == Release("0.10.0", "abc", {"one": made})
    with pytest.raises(FileExistsError):
        release.write(Release("0.9.0", "def", {}), tmp_path)


def _guard(releases: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "replacement-guard", "--releases", releases, *names],
        capture_output=True,
        text=True,
    )


def test_script_stops_a_renamed_table_until_it_is_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = shutil.copytree(RELEASES, tmp_path / "releases")
    name = "preset-local"
    there = made / LAST.version / f"{name}.json"
    written = json.loads(there.read_text())
    table = written["stacks"]["foundation"]["RegistryTableDB777839"]
    table["set_at_creation"]["/TableName"] = "octopus-of-old"
    there.write_text(json.dumps(written))

    stopped = _guard(made, name)
    assert (stopped.returncode, stopped.stderr) == (1, "")
    assert f"replaced: {TABLE}: " in stopped.stdout
    assert "octopus-of-old to octopus-local-registry (rows)" in stopped.stdout

    # What the script advises is what lets it pass.
    advised = stopped.stdout.partition("[[change]]")[2].replace('"..."', '"The table was empty."')
    with (made / "acknowledged.toml").open("a") as acknowledgements:
        acknowledgements.write(f"[[change]]{advised}")
    assert command.main(["--releases", str(made), name]) == 0
    assert "but what acknowledged.toml lets pass" in capsys.readouterr().out


@pytest.mark.long
def test_script_passes_all_settings_of_the_last_release() -> None:
    done = _guard(RELEASES)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def _written(until: datetime.date, **other: str) -> str:
    fields = {"kind": "replaced", "resource": TABLE, "reason": "It was empty.", **other}
    return (
        "[[change]]\n"
        + "".join(f'{name} = "{value}"\n' for name, value in fields.items())
        + f"until = {until}\n"
    )


def _change() -> changes.Change:
    return changes.Change(Kind.REPLACED, TABLE, "it would be")


@pytest.mark.parametrize(("days", "passes"), [(0, True), (90, True), (-1, False)])
def test_acknowledgement_ends_with_its_day(days: int, passes: bool, tmp_path: Path) -> None:
    file = tmp_path / "acknowledged.toml"
    file.write_text(_written(TODAY + datetime.timedelta(days=days)))
    objection = command.objection(_change(), ["one"], acknowledged.read(file, today=TODAY), TODAY)
    assert (objection == "") == passes
    assert passes or "2026-11-21, which has passed" in objection


@pytest.mark.parametrize("other", [{"kind": "removed"}, {"resource": BUCKET}])
def test_acknowledgement_is_of_one_change(other: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "acknowledged.toml"
    file.write_text(_written(TODAY, **other))
    assert command.objection(_change(), ["one"], acknowledged.read(file, today=TODAY), TODAY)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_written(TODAY + datetime.timedelta(days=91)), "within 90 days"),
        (_written(TODAY, kind="moved"), "kind must be one of removed, replaced"),
        (_written(TODAY, reason=" "), "reason must say why"),
        (_written(TODAY, who="me"), "must have kind, reason, resource, until and nothing else"),
        (_written(TODAY).replace("until = 2026-11-22", 'until = "2026-11-22"'), "without quotes"),
        ("[[change", "acknowledged.toml: "),
    ],
)
def test_wrong_acknowledgement_is_refused_with_its_rule(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "acknowledged.toml"
    file.write_text(text)
    with pytest.raises(AcknowledgementError, match=r"^acknowledged\.toml") as refused:
        acknowledged.read(file, today=TODAY)
    assert says in str(refused.value)


def test_acknowledgement_that_nothing_needs_is_an_objection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release.write(Release("1.0.0", "abc", {}), tmp_path)
    (tmp_path / "acknowledged.toml").write_text(_written(datetime.datetime.now(datetime.UTC).date()))
    assert command.main(["--releases", str(tmp_path)]) == 1
    assert f"acknowledged, and no such change: replaced {TABLE}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["no-such-settings"], "has no settings no-such-settings"), ([], "holds no release")],
)
def test_guard_says_what_it_cannot_read(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if arguments:
        release.write(Release("1.0.0", "abc", {}), tmp_path)
    assert command.main(["--releases", str(tmp_path), *arguments]) == 2
    assert says in capsys.readouterr().err


def test_settings_that_are_refused_now_are_told(
    trial: Templates, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = release.Installation({"institution": "x", "no_longer": 1}, release.of_templates(trial))
    release.write(Release("1.0.0", "abc", {"one": made}), tmp_path)
    assert command.main(["--releases", str(tmp_path)]) == 2
    assert "one, which installs 1.0.0, is refused now: no_longer" in capsys.readouterr().err


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
