"""What the guard says where a resource stays: of what ends sooner, and of what CloudFormation refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from stacks.guard import changes, release
from stacks.guard.changes import Kind
from tests.infrastructure.conftest import Templates
from tests.infrastructure.guarded import BUCKET, KEY, TABLE, Change, Templated, found_between
from tests.infrastructure.synthesis import Made

LOG = "service/GatewayAccessLogAEFA1E8A"
MAIL = "foundation/AlarmsTopiconcallsynchrotronexampleorgC96D5A66"
BALANCER = "hosting/BalancerDBE9C461"
ROLE = "foundation/ServicePrincipalRole91AB13A6"
PARAMETER = "foundation/Parametersinstitution135FEA2C"


@pytest.fixture(scope="module")
def everything(institutions: list[Made]) -> Mapping[str, dict[str, Any]]:
    """Templates of the institution that has everything."""
    (made,) = [made for made in institutions if made.name == "everything"]
    return made.templates


@pytest.fixture
def found(everything: Templates) -> Callable[[Change], list[tuple[Kind, str, str]]]:
    """Return what the guard finds when the templates are changed so."""

    def found(change: Change) -> list[tuple[Kind, str, str]]:
        return [(one.kind, one.resource, one.what) for one in found_between(everything, change)]

    return found


Found = Callable[[Change], list[tuple[Kind, str, str]]]


def _resources(templates: Templated, name: str) -> dict[str, Any]:
    resources: dict[str, Any] = templates[name.partition("/")[0]]["Resources"]
    return resources


def _set(name: str, path: str, value: object) -> Change:
    """Return a change of one property; none takes it away."""

    def change(templates: Templated) -> None:
        *above, last = path.split("/")
        there = _resources(templates, name)[name.partition("/")[2]]["Properties"]
        for each in above:
            there = there[each]
        if value is None:
            del there[last]
        else:
            there[last] = value

    return change


def _moved(name: str, to: str) -> Change:
    """Return a change that puts a resource elsewhere, as it is."""

    def change(templates: Templated) -> None:
        resource = _resources(templates, name).pop(name.partition("/")[2])
        _resources(templates, to)[to.partition("/")[2]] = resource

    return change


_RECOVERY = "PointInTimeRecoverySpecification/RecoveryPeriodInDays"
_A_DAY = {"Rules": [{"Status": "Enabled", "ExpirationInDays": 1}]}


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        (TABLE, _RECOVERY, 7),
        (TABLE, "TimeToLiveSpecification", {"AttributeName": "made", "Enabled": True}),
        (BUCKET, "LifecycleConfiguration", _A_DAY),
        (LOG, "RetentionInDays", 1),
        (KEY, "Enabled", False),
        (KEY, "EnableKeyRotation", False),
    ],
    ids=str,
)
def test_what_would_end_sooner_is_found(name: str, path: str, value: object, found: Found) -> None:
    assert found(_set(name, path, value)) == [(Kind.UNPROTECTED, name, path)]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        (TABLE, "TimeToLiveSpecification", None),
        (BUCKET, "LifecycleConfiguration", None),
        (LOG, "RetentionInDays", 3653),
        (LOG, "RetentionInDays", None),
    ],
    ids=str,
)
def test_what_is_kept_for_longer_passes(name: str, path: str, value: object, found: Found) -> None:
    assert found(_set(name, path, value)) == []


def _typed(attribute: str, kind: str) -> Change:
    def change(templates: Templated) -> None:
        table = _resources(templates, TABLE)[TABLE.partition("/")[2]]["Properties"]
        others = [one for one in table["AttributeDefinitions"] if one["AttributeName"] != attribute]
        table["AttributeDefinitions"] = [*others, {"AttributeName": attribute, "AttributeType": kind}]

    return change


def test_other_type_of_a_tables_key_is_another_table_and_of_an_index_is_not(found: Found) -> None:
    assert found(_typed("pk", "N")) == [(Kind.REPLACED, TABLE, "AttributeDefinitions")]
    assert found(_typed("of_an_index", "N")) == []


def test_subscription_that_was_confirmed_keeps_its_id(found: Found) -> None:
    assert found(_moved(MAIL, "foundation/Mail")) == [(Kind.REMOVED, MAIL, "all")]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        (KEY, "KeySpec", "RSA_2048"),
        (KEY, "MultiRegion", True),
        (BALANCER, "Scheme", "internet-facing"),
        (ROLE, "Path", "/other/"),
    ],
    ids=str,
)
def test_property_that_cloudformation_does_not_change_is_found(
    name: str, path: str, value: object, found: Found
) -> None:
    assert found(_set(name, path, value)) == [(Kind.REFUSED, name, path)]


@pytest.mark.parametrize(
    ("name", "to"),
    [
        (ROLE, "foundation/ServiceRole"),
        (BALANCER, "hosting/Front"),
        (PARAMETER, "service/Parametersinstitution135FEA2C"),
    ],
)
def test_name_that_would_be_taken_is_found(name: str, to: str, found: Found) -> None:
    assert found(_moved(name, to)) == [(Kind.REFUSED, name, "all")]


def test_other_name_and_no_more_of_a_name_pass(found: Found) -> None:
    assert found(_set(ROLE, "RoleName", "octopus-other")) == []
    assert found(lambda templates: _resources(templates, ROLE).pop(ROLE.partition("/")[2])) == []


def _exported(change: Callable[[Templated, str, str], object]) -> Change:
    """Return a change of the first output that another stack takes."""

    def of_one(templates: Templated) -> None:
        for stack, template in templates.items():
            for id_, output in template.get("Outputs", {}).items():
                if "Export" in output:
                    change(templates, stack, id_)
                    return
        raise AssertionError("no stack exports anything")

    return of_one


@pytest.mark.parametrize(
    "change",
    [
        _exported(lambda templates, stack, id_: templates[stack]["Outputs"].pop(id_)),
        _exported(lambda templates, stack, id_: templates[stack]["Outputs"][id_].update(Value="other")),
    ],
    ids=["gone", "changed"],
)
def test_export_that_another_stack_takes_stays_as_it_is(change: Change, found: Found) -> None:
    ((kind, name, _),) = found(change)
    assert kind is Kind.REFUSED
    assert name.startswith("network/")


def test_export_that_nobody_takes_may_go(everything: Templates, found: Found) -> None:
    def change(templates: Templated) -> None:
        text = json.dumps(templates["kafka"]).replace("Fn::ImportValue", "Fn::GetStackOutput")
        templates["kafka"] = json.loads(text)

    taken_no_more = copy.deepcopy(dict(everything))
    change(taken_no_more)
    gone = copy.deepcopy(taken_no_more)
    gone["network"]["Outputs"] = {}
    between = changes.between(release.of_templates(taken_no_more), release.of_templates(gone))
    assert [one for one in between if one.kind is Kind.REFUSED] == []
