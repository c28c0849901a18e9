"""The operators' page says what the code says."""

from __future__ import annotations

import re

from octopus.settings import DeployedSettings, ServiceSettings
from stacks.context_table import render
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
    assert "alarms but the two about IAM's ceilings" in page
    made = [
        resource
        for each in institutions
        for template in each.templates.values()
        for resource in template["Resources"].values()
    ]
    alarms = {each["Properties"]["AlarmName"] for each in made if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert {name.rpartition("-")[2] for name in alarms} == {"UsersOfCeiling", "ManagedPoliciesOfCeiling"}
    kinds = {each["Type"] for each in made}
    assert not kinds & {
        "AWS::CloudWatch::Dashboard",
        "AWS::Lambda::EventSourceMapping",
    }
