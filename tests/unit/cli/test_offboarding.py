"""``octopus platform delete-account | wipe | transfer-project``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from octopus.access.models import user
from octopus.accounts.emptying import Contents
from octopus.accounts.overview import DeletionPlan
from octopus.audit.events import OPERATOR
from octopus.cli import offboarding
from octopus.errors import InvalidError, NotFoundError
from octopus.topics.models import PROJECT_OWNER
from tests.unit.cli.shell import NAMESPACE, SUBJECT, done, run

CONTENTS = Contents(topics={"events": "id"}, groups=(), grants=())
IN_LAB = ("--institution", "lab")


class Features:
    """Features that remember what was done."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.owners = {NAMESPACE: SUBJECT, "beamline-7": PROJECT_OWNER}
        self.hindrances: tuple[str, ...] = ()
        self.found: object = object()
        self.accounts = SimpleNamespace(find=lambda _subject: self.found, delete=self._note("delete"))
        self.overviews = SimpleNamespace(deletion_plan=self._plan)
        self.access = SimpleNamespace(owner=self.owners.get)
        self.namespaces = SimpleNamespace(contents=lambda *_, **__: CONTENTS, wipe=self._wipe)
        self.handovers = SimpleNamespace(hand_over=self._hand_over)

    def _note(self, what: str) -> Any:
        return lambda *asked, **named: self.done.append((what, *asked, named))

    def _plan(self, _subject: str) -> DeletionPlan:
        contents = {NAMESPACE: CONTENTS}
        return DeletionPlan(contents=contents, keys=1, sessions=0, received=0, hindrances=self.hindrances)

    def _wipe(self, *asked: str, **named: str) -> tuple[Contents, list[str]]:
        self.done.append(("wipe", *asked, named))
        return CONTENTS, [f"{NAMESPACE}.readers"]

    def _hand_over(self, *asked: str) -> SimpleNamespace:
        self.done.append(("hand over", *asked))
        return SimpleNamespace(shown_as="grace@example.org", grantee=user(SUBJECT))


@pytest.fixture
def features(monkeypatch: pytest.MonkeyPatch) -> Features:
    made = Features()

    @contextmanager
    def features_of(institution: str) -> Iterator[Features]:
        assert institution == "lab"
        yield made

    monkeypatch.setattr(offboarding, "features_of", features_of)
    return made


def test_account_goes_after_its_plan_and_an_answer(features: Features) -> None:
    shown = done("platform", "delete-account", SUBJECT.upper(), *IN_LAB, answer="y\n")

    assert shown.splitlines()[:3] == [
        f"User {SUBJECT} would be deleted",
        f"  {NAMESPACE}: topics events; groups -",
        "  1 keys, 0 sessions, 0 grants of others",
    ]
    assert shown.endswith(f"User {SUBJECT} deleted\n")
    assert features.done == [("delete", SUBJECT, {"further_too": True, "actor": OPERATOR})]


@pytest.mark.parametrize("words", [("delete-account", SUBJECT), ("wipe", NAMESPACE)])
def test_nothing_goes_without_an_answer(features: Features, words: tuple[str, ...]) -> None:
    assert run("platform", *words, *IN_LAB, answer="n\n").exit_code == 1
    assert run("platform", *words, *IN_LAB, "--json").exit_code == 2
    assert json.loads(done("platform", *words, *IN_LAB, "--json", "--dry-run"))["dry_run"] is True

    assert features.done == []


def test_account_on_which_a_project_depends_stays(features: Features) -> None:
    features.hindrances = ("user is the only owner of project(s) beamline-7.",)

    outcome = run("platform", "delete-account", SUBJECT, *IN_LAB, answer="y\n")

    assert outcome.exit_code == 1
    assert "It will be refused: user is the only owner of project(s) beamline-7." in outcome.output
    assert features.done == []


def test_account_that_is_not_there_is_said_to_be_none(features: Features) -> None:
    features.found = None

    shown = done("platform", "delete-account", SUBJECT, *IN_LAB, "--yes")

    assert (shown, features.done) == (f"User {SUBJECT} has no account\n", [])


def test_namespace_is_wiped_of_whoever_owns_it(features: Features) -> None:
    answer = json.loads(done("platform", "wipe", NAMESPACE, *IN_LAB, "--yes", "--json"))

    assert (answer["contents"]["topics"], answer["groups_in_use"]) == (["events"], [f"{NAMESPACE}.readers"])
    assert features.done == [("wipe", SUBJECT, NAMESPACE, {"actor": OPERATOR})]


@pytest.mark.parametrize(("name", "refusal"), [("beamline-7", InvalidError), ("ns-0", NotFoundError)])
def test_project_is_not_wiped_and_neither_is_nothing(
    features: Features, name: str, refusal: type[Exception]
) -> None:
    outcome = run("platform", "wipe", name, *IN_LAB, "--yes")

    assert isinstance(outcome.exception, refusal)
    assert features.done == []


def test_project_is_handed_over_by_name(features: Features) -> None:
    shown = done("platform", "transfer-project", "beamline-7", "--to", SUBJECT, *IN_LAB)

    assert shown == "Project beamline-7 is owned by grace@example.org\n"
    assert features.done == [("hand over", "beamline-7", SUBJECT)]
