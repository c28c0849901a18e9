"""``docs/operating.md``: commands that are there, and where each was run."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.documented_commands import faults
from tests.infrastructure.conftest import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text()
WHERE = {
    "one machine": ("tests/integration", "tests/unit"),
    "emulator": ("tests/integration",),
    "simulated": ("tests/unit",),
    "recorded": ("tests/infrastructure", "tests/unit/first_day"),
    "templates": ("tests/infrastructure",),
}
"""In which folders a test runs things so."""
HEAD = "| step | command | run where |"
DEMANDED = (
    "First deployment",
    "Second step: brokers that the internet reaches",
    "Rotating the secret of the Globus client",
    "Growing brokers",
    "Upgrading Kafka",
    "Restoring the registry",
    "Off-boarding a person",
    "Off-boarding a group",
    "Incident by symptom",
    "Removing everything",
)


def commands() -> list[str]:
    """Every command of the page."""
    block = re.findall(r"\$\((aws [^)]*)\)", PAGE)
    return sorted({*block, *re.findall(r"`((?:octopus|scripts/|npx|aws|kafka-)[^`]*)`", PAGE)})


def steps() -> list[tuple[str, str]]:
    """Each row of the lists: what is done, and where that was run."""
    found = []
    for table in re.findall(
        r"^\| step \| command \| run where \|\n\|---\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.M
    ):
        for row in table.splitlines():
            step, _, where = (cell.strip() for cell in row.strip("|").split("|"))
            found.append((step, where))
    return found


@cache
def folder_of(test: str) -> str:
    """The folder of the only file that has such a test, from the clone's root; the lane on AWS apart."""
    (path,) = [
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if not {"aws", "node_modules"} & set(path.parts)
        and re.search(rf"^def {test}\(", path.read_text(), re.M)
    ]
    return str(path.parent.relative_to(ROOT))


def test_every_operation_that_operators_need_has_its_list() -> None:
    sections = dict(re.findall(r"^## (.+)\n([\s\S]*?)(?=^## |\Z)", PAGE, re.M))
    assert [title for title in sections if title in DEMANDED] == [*DEMANDED]
    for title in DEMANDED:
        head = "| what people say | first look | go on with |" if "Incident" in title else HEAD
        assert head in sections[title], title
    assert len(commands()) > 50


@pytest.mark.parametrize("command", commands())
def test_every_command_is_there_with_its_options(command: str) -> None:
    assert faults(command) == []


@pytest.mark.parametrize(("step", "where"), steps(), ids=[step[:40] for step, _ in steps()])
def test_every_step_says_truly_where_it_was_run(step: str, where: str) -> None:
    said = re.fullmatch(r"([\w ]+?)(?:, [\w ,]+)?(?:: `(test_\w+)`)?", where)
    assert said is not None, where
    kind, test = said[1], said[2]
    if kind == "nowhere":
        assert test is None or "but for" in where
    else:
        assert folder_of(test).startswith(WHERE[kind]), folder_of(test)


def test_every_test_that_is_named_is_there() -> None:
    for test in set(re.findall(r"`(test_\w+)`", PAGE)):
        assert folder_of(test), test


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("octopus platform suspnd x", "octopus has no command suspnd"),
        ("octopus platform suspend x --because y", "octopus suspend takes no --because"),
        ("scripts/restore", "there is no scripts/restore"),
        ("scripts/preflight $S --mend", "scripts/preflight takes no --mend"),
        ("scripts/preflight -c brokers=6", "there is no variable brokers"),
        ("npx cdk destroy --force", "cdk destroy --force"),
        ("aws kafka list-cluster", "aws kafka has no list-cluster"),
        ("aws ecs wait services-there", "aws ecs wait has no services-there"),
        ("aws ecs update-service --count 0", "aws ecs update-service takes no --count"),
    ],
)
def test_command_that_is_none_is_found(command: str, fault: str) -> None:
    assert faults(command) == [fault]
