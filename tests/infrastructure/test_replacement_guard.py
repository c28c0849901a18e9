"""What the guard says of changes to what holds state, made to real templates and through the script."""

from __future__ import annotations

import copy
import datetime
import functools
import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from stacks.guard import acknowledged, changes, command, installations, release
from stacks.guard.acknowledged import Acknowledgement
from stacks.guard.changes import Kind
from stacks.guard.release import RELEASES, Release
from tests.infrastructure.conftest import Templates
from tests.infrastructure.guarded import BUCKET, KEY, TABLE, Change, Templated, found_between
from tests.infrastructure.synthesis import FILES, ROOT, Made

CLUSTER = "kafka/ClusterEB0386A7"
CONFIGURATION = "kafka/Configuration6A36F2CE"


@pytest.fixture(scope="module")
def trial(institutions: list[Made]) -> Mapping[str, dict[str, Any]]:
    """Templates of the trial preset."""
    (made,) = [made for made in institutions if made.name == "tiny-trial"]
    return made.templates


@pytest.fixture
def found(trial: Templates) -> Callable[[Change], list[tuple[Kind, str]]]:
    """Return what the guard finds when the templates are changed so."""

    def found(change: Change) -> list[tuple[Kind, str]]:
        return [(one.kind, one.resource) for one in found_between(trial, change)]

    return found


Found = Callable[[Change], list[tuple[Kind, str]]]


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
    change: Change, expected: list[tuple[Kind, str]], found: Found
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


_SUBNETS = "BrokerNodeGroupInfo/ClientSubnets"
_BROKERS = _set(CLUSTER, "Properties/NumberOfBrokerNodes", 6)
_SIZE = _set(CLUSTER, "Properties/BrokerNodeGroupInfo/InstanceType", "kafka.m7g.large")
_CONFIGURED = _set(CONFIGURATION, "Properties/ServerProperties", "log.retention.ms=1\n")


@pytest.mark.parametrize("change", [_together(_BROKERS, _SIZE), _together(_BROKERS, _CONFIGURED)])
def test_two_attributes_of_the_cluster_at_once_are_found(change: Any, found: Found) -> None:
    assert found(change) == [(Kind.TOGETHER, CLUSTER)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_set(TABLE, "Properties/TableName", "octopus-other"), "TableName"),
        (_set(CLUSTER, "Properties/BrokerNodeGroupInfo/ClientSubnets", ["subnet-1"]), _SUBNETS),
        (_set(TABLE, "DeletionPolicy", "Delete"), "DeletionPolicy"),
        (_set(TABLE, "Properties/DeletionProtectionEnabled", False), "DeletionProtectionEnabled"),
        (_together(_BROKERS, _SIZE), "BrokerNodeGroupInfo/InstanceType, NumberOfBrokerNodes"),
        (_removed(TABLE), "all"),
    ],
)
def test_change_tells_what_of_the_resource_it_is(
    change: Callable[[Templated], None], what: str, trial: Templates
) -> None:
    changed = copy.deepcopy(dict(trial))
    change(changed)
    first = next(changes.between(release.of_templates(trial), release.of_templates(changed)))
    assert first.what == what


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
def test_change_that_loses_nothing_passes(change: Change, found: Found) -> None:
    assert found(change) == []


LAST = release.last()
TODAY = datetime.datetime.now(datetime.UTC).date()


Updates = Callable[[str], list[changes.Change]]


@pytest.fixture(scope="module")
def updates(institutions: list[Made]) -> Updates:
    """Return what an update of an installation of the last release to this tree would do, by its name."""
    ready = {made.name: made.templates for made in institutions}

    @functools.cache
    def update(name: str) -> list[changes.Change]:
        was = LAST.installations[name]
        same = name in ready and tomllib.loads(FILES[name].read_text()) == was.settings
        now = ready[name] if same else installations.synthesize(was.settings)
        return list(changes.between(was.stacks, release.of_templates(now)))

    return update


@pytest.fixture(scope="module")
def meant() -> list[Acknowledgement]:
    """What the tree acknowledges."""
    return acknowledged.read(RELEASES / "acknowledged.toml", today=TODAY)


SHORT = sorted(name for name in LAST.installations if name == "preset-local" or "preset-" not in name)


@pytest.mark.parametrize("name", SHORT)
def test_update_of_an_installation_from_the_last_release_loses_nothing(
    name: str, updates: Updates, meant: list[Acknowledgement]
) -> None:
    against = [command.objection(change, [name], meant, TODAY) for change in updates(name)]
    assert [text for text in against if text] == []


def test_each_acknowledgement_is_of_a_change_that_is_there(
    updates: Updates, meant: list[Acknowledgement]
) -> None:
    needless = meant
    # Templates of the other presets are made only for an acknowledgement that none of these needs.
    for name in [*SHORT, *sorted(LAST.installations.keys() - {*SHORT})]:
        if needless:
            needless = [one for one in needless if not any(one.covers(change) for change in updates(name))]
    assert needless == []


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
    table = written["stacks"]["foundation"]["held"]["RegistryTableDB777839"]
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
