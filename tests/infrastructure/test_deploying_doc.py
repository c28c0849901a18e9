"""The operators' page says what the code says."""

from __future__ import annotations

import re

from octopus.settings import DeployedSettings, ServiceSettings
from stacks.context_table import render
from stacks.monitoring import rules, table
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.synthesis import Made


def test_the_table_of_variables_is_the_one_that_the_settings_make() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    assert render() in page, "copy the output of `python -m stacks.context_table` into docs/deploying.md"


def test_what_the_service_is_told_besides_is_on_the_page_with_its_default() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    rows = dict(re.findall(r"^   \| `OCTOPUS_([A-Z_]+)` \| `?([^`|]+?)`? \|", page, re.MULTILINE))
    shown = {"KAFKA_CA_FILE": "the system's roots", "BROKER_AUDIT_LOGS": "none"}

    own = ServiceSettings.model_fields.keys() - DeployedSettings.model_fields.keys()

    assert rows == {
        name.upper(): shown.get(name.upper(), str(ServiceSettings.model_fields[name].default)) for name in own
    }


def test_page_says_what_nobody_is_told_of(institutions: list[Made]) -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    assert "**Not made in this release**: triggers in AWS and limits of them, the archive worker." in page
    kinds = {
        resource["Type"]
        for each in institutions
        for template in each.templates.values()
        for resource in template["Resources"].values()
    }
    assert "AWS::Lambda::EventSourceMapping" not in kinds
    assert "consumers that are\nbehind" in page
    assert not [rule.id for rule in rules.RULES if "lag" in rule.id]


def test_table_of_alarms_is_the_one_that_the_rules_make() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    assert table.render() in page, "copy the output of `python -m stacks.monitoring.table`"
