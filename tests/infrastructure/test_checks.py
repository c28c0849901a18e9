"""What others' rules say of every institution's templates: the library's own, cdk-nag, cfn-lint, checkov."""

from __future__ import annotations

import pytest

from stacks.acknowledgements import ACKNOWLEDGED
from tests.infrastructure import findings
from tests.infrastructure.findings import Finding
from tests.infrastructure.synthesis import Made


@pytest.fixture(scope="module")
def found(institutions: list[Made], tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    """All findings in all templates, by each tool in one pass."""
    return {
        *(each for made in institutions for each in findings.of_cdk(made)),
        *findings.of_cfn_lint(institutions, tmp_path_factory.mktemp("templates")),
        *findings.of_checkov(institutions, tmp_path_factory.mktemp("home")),
    }


@pytest.mark.parametrize("tool", ["cdk", "cdk-nag", "cfn-lint", "checkov"])
def test_tool_finds_nothing_but_what_is_acknowledged(tool: str, found: set[Finding]) -> None:
    left = [
        finding
        for finding in sorted(found)
        if finding.tool == tool
        and not any(
            each.covers(tool=finding.tool, rule=finding.rule, where=finding.where) for each in ACKNOWLEDGED
        )
    ]
    assert left == []


def test_every_acknowledgement_is_still_needed(found: set[Finding]) -> None:
    idle: list[tuple[str, str]] = []
    for each in ACKNOWLEDGED:
        meant = [
            finding
            for finding in found
            if each.covers(tool=finding.tool, rule=finding.rule, where=finding.where)
        ]
        idle += [(each.tool, rule) for rule in each.rules if rule not in {finding.rule for finding in meant}]
        idle += [
            (each.tool, where)
            for where in each.where
            if not any(f"{finding.where}/".startswith(f"{where}/") for finding in meant)
        ]
    assert idle == []


def test_every_acknowledgement_has_a_reason_of_its_own_words() -> None:
    for each in ACKNOWLEDGED:
        assert len(each.reason.split()) >= 8
        assert each.reason.endswith(".")
