"""The operators' page says what the code says."""

from __future__ import annotations

from stacks.context_table import render
from tests.infrastructure.conftest import ROOT


def test_the_table_of_variables_is_the_one_that_the_settings_make() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    assert render() in page, "copy the output of `python -m stacks.context_table` into docs/deploying.md"
