"""Links between the pages of the documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_CODE = re.compile(r"^ *(```+).*?^ *\1$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """What ``#...`` may name in a page: its headings, as GitHub and most renderers turn them into ids."""
    headings = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in _HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    """Links of a page to a file that is not there, or to a heading that its file does not have."""
    dead = []
    for link in _LINK.findall(_CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert dead_links(page) == []


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# One `heading`, and\n## [Another](gone.md) one\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Here\n[a](there.md), [b](there.md#one-heading-and), [c](#here), [d](https://example.org/gone),"
        " [e](there.md#another-one), `[f](code.md)`, [g](gone.md), [h](there.md#gone), [i](#gone)\n"
        "```text\n[j](code.md)\n```\n[k](../gone/)\n"
    )
    assert dead_links(page) == ["gone.md", "there.md#gone", "#gone", "../gone/"]
