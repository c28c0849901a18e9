"""``docs/real-account.md`` says what no real account has shown, and the lane on one asks just that."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from tests.aws import confirmation
from tests.aws.conftest import pytest_collection_modifyitems
from tests.aws_account import lane
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.synthesis import Made
from tests.infrastructure.test_templates import EMULATOR_TYPES

DOC = (ROOT / "docs" / "real-account.md").read_text()
LANE = ROOT / "tests" / "aws"


def section(title: str) -> str:
    """The text under a heading, up to the next one of its rank."""
    return DOC.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def names_of_tests(paths: list[Path]) -> set[str]:
    """Names of the tests that these files define."""
    return {name for path in paths for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.M)}


def test_every_type_that_the_emulator_cannot_hold_is_listed(institutions: list[Made]) -> None:
    made = {
        (stack, resource["Type"])
        for each in institutions
        for stack, template in each.templates.items()
        for resource in template["Resources"].values()
    }
    listed = re.findall(r"^\| (\w+) \| `([\w:]+)` \|", section("What the emulator cannot hold"), re.M)
    assert len(set(listed)) == len(listed)
    assert set(listed) == {(stack, kind) for stack, kind in made if kind not in EMULATOR_TYPES}


def test_every_test_that_holds_it_is_there() -> None:
    named = re.findall(r"\| `(test_\w+)` \|$", section("What the emulator cannot hold"), re.M)
    assert len(named) > 20
    assert set(named) <= names_of_tests(list((ROOT / "tests").rglob("test_*.py")))


def test_checklist_is_what_the_lane_asks() -> None:
    listed = re.findall(r"^\| `(test_\w+)` \|", section("The first person with an account"), re.M)
    assert len(set(listed)) == len(listed)
    assert set(listed) == names_of_tests(list(LANE.glob("test_*.py")))


def test_no_other_page_keeps_a_list_of_its_own() -> None:
    by_hand = section("The first person with an account").partition("### By hand")[2]
    rows = re.findall(r"^\| (.+?) \| .+ \| \[[\w ]+\]\(([\w-]+\.md)\) \|$", by_hand, re.M)
    assert len({what for what, _ in rows}) == len(rows) == by_hand.count("\n| ") - 1
    pages = {
        path.name: path.read_text() for path in (ROOT / "docs").glob("*.md") if path.name != "real-account.md"
    }
    assert {page for _, page in rows} == {page for page, text in pages.items() if "real-account.md" in text}
    for page, text in pages.items():
        for title, body in re.findall(r"^## (.+)\n([\s\S]*?)(?=^## |\Z)", text, re.M):
            if re.search(r"\b(never|not yet)\b.*\b(AWS|account)\b", title):
                assert "(real-account.md" in body, (page, title)
                assert re.search(r"^[-|]", body, re.M) is None, (page, title)


def test_every_file_of_the_lane_is_marked() -> None:
    for path in LANE.glob("test_*.py"):
        assert "pytestmark = [pytest.mark.aws," in path.read_text(), path


def test_lane_is_left_out_unless_an_institution_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Item:
        path = LANE / "test_identity.py"

        def __init__(self, marker: str) -> None:
            self._marker = marker

        def get_closest_marker(self, name: str) -> str | None:
            return self._marker if self._marker == name else None

    class Config:
        hook: Any

        def pytest_deselected(self, items: list[Item]) -> None:
            self.left_out = items

    config = Config()
    config.hook = config
    of_lane, another = Item("aws"), Item("long")

    monkeypatch.delenv("OCTOPUS_AWS_LANE", raising=False)
    items = [of_lane, another]
    pytest_collection_modifyitems(cast(pytest.Config, config), cast(list[pytest.Item], items))
    assert (items, config.left_out) == ([another], [of_lane])

    monkeypatch.setenv("OCTOPUS_AWS_LANE", "trial")
    items = [of_lane, another]
    pytest_collection_modifyitems(cast(pytest.Config, config), cast(list[pytest.Item], items))
    assert items == [another, of_lane]
    assert lane() == "trial"


def test_lane_says_what_it_would_make_and_cost_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    told = confirmation.described(
        {"institution": "trial", "preset": "trial", "waf": "true"},
        account_id="123456789012",
        region="us-east-1",
    )
    for stack in ("network", "kafka", "foundation", "hosting", "service", "monitoring", "protection"):
        assert re.search(rf"octopus-trial-{stack}: \d+ resources", told)
    priced = re.search(r"costs about (\d\.\d\d) USD \((\d+) a month, at prices of (\S+): see", told)
    assert priced is not None
    assert float(priced[1]) == pytest.approx(float(priced[2]) * confirmation.HOURS / 730, abs=0.01)
    assert priced[3] == str(date.fromisoformat(priced[3]))
    assert told.endswith("To go on: OCTOPUS_AWS_LANE_ACCOUNT=123456789012")

    monkeypatch.delenv("OCTOPUS_AWS_LANE_ACCOUNT", raising=False)
    assert not confirmation.is_confirmed("123456789012")
    monkeypatch.setenv("OCTOPUS_AWS_LANE_ACCOUNT", "123456789012")
    assert confirmation.is_confirmed("123456789012")
    assert not confirmation.is_confirmed("210987654321")
