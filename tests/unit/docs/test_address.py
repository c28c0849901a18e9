"""The address that commands of the documentation go by."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
SETTING = re.compile(r"^```sh\n((?:(?!```).*\n)*?.*\bURL=\$\(aws (?:(?!```).*\n)*)```$", re.M)
PAGES = sorted(path.name for path in DOCS.glob("*.md") if SETTING.search(path.read_text()))


def test_pages_that_ask_for_the_address_are_found() -> None:
    assert PAGES == ["operating.md", "runbooks.md"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("parameter", ["https://a.example/live/", "https://a.example/live"])
def test_paths_follow_the_address_with_one_slash(page: str, parameter: str) -> None:
    """The service stack's parameter ends with a slash, and the gateway knows no path that begins with two."""
    text = (DOCS / page).read_text()
    setting = SETTING.search(text)
    assert setting is not None
    script = f'aws() {{ echo "{parameter}"; }}\n{setting[1]}\necho "$URL/health/ready"'
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    assert done.stdout == "https://a.example/live/health/ready\n"
    assert set(re.findall(r"\$URL([^`\s|]?)", text)) <= {"/", ""}
