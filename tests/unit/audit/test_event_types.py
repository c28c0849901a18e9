"""The page of the audit names every type of event that there is, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "service_src" / "octopus"
TYPE = re.compile(r"(account|key|session|topic|grant|project|namespace|quota|group|kafka)\.(?!id\b)[a-z_]+")
"""``group.id`` is a setting of Kafka's clients."""
READS_EVENTS = ("fabric", "cli", "audit/letters.py", "audit/models.py")
"""What handles events that were made elsewhere."""


def made_in(node: ast.AST) -> Iterator[str]:
    """Types that code names, but for what it logs."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log."):
        return
    if isinstance(node, ast.Constant) and TYPE.fullmatch(str(node.value)):
        yield str(node.value)
    for part in ast.iter_child_nodes(node):
        yield from made_in(part)


def types_in_code() -> set[str]:
    readers = tuple(str(SOURCE / name) for name in READS_EVENTS)
    files = [file for file in SOURCE.rglob("*.py") if not str(file).startswith(readers)]
    return {found for file in files for found in made_in(ast.parse(file.read_text()))}


def types_on_the_page() -> set[str]:
    page = (ROOT / "docs" / "audit.md").read_text()
    section = page.partition("\n## Events\n")[2].partition("\n## ")[0]
    found: set[str] = set()
    for cell in re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE):
        group = ""
        for name in re.findall(r"`([^`]+)`", cell):
            group = name.partition(".")[0] or group
            found.add(f"{group}.{name.partition('.')[2]}")
    return found


def test_page_names_the_types_of_events_that_there_are() -> None:
    assert types_on_the_page() == types_in_code()
