"""Variables and conditions, decided as far as the principal decides them."""

from __future__ import annotations

from typing import Any

import pytest

from octopus.iam.document import parse
from octopus.iam.models import Layer, Principal, TimeCondition
from octopus.iam.normalise import normalise

PRINCIPAL = Principal(
    user_name="a*?\\b",
    user_id="AIDA1",
    arn="arn:aws:iam::123456789012:user/msk-users/u",
    tags={"Team": "blue", "level": "7"},
)
DATE = "2026-11-22T00:00:00Z"
DATE_MS = 1795305600000


def rules(*, version: str = "2012-10-17", effect: str = "Allow", **elements: Any) -> Layer:
    statement: dict[str, Any] = {"Effect": effect, **elements}
    if "NotAction" not in statement:
        statement.setdefault("Action", "kafka-cluster:*")
    if "NotResource" not in statement:
        statement.setdefault("Resource", "*")
    return normalise([parse({"Version": version, "Statement": statement})], PRINCIPAL)


def applies(block: dict[str, Any], effect: str = "Allow") -> bool:
    return bool(rules(effect=effect, Condition=block))


@pytest.mark.parametrize(
    ("resource", "pattern"),
    [
        ("t/${aws:username}.*", r"t/a\*\?\\b.*"),
        ("${AWS:UserId}", "AIDA1"),
        ("${aws:PrincipalTag/team}/?", "blue/?"),
        ("${aws:PrincipalTag/none, 'de*fault'}", r"de\*fault"),
        ("${ aws:PrincipalTag/Team , 'x' }", "blue"),
        ("${*}${?}${$}{x}", r"\*\?${x}"),
        ("back\\slash", r"back\\slash"),
        ("${aws:PrincipalAccount}${aws:PrincipalType}", "123456789012User"),
    ],
)
def test_variable_becomes_text_that_is_no_wildcard(resource: str, pattern: str) -> None:
    (rule,) = rules(Resource=resource)
    assert rule.resources == (pattern,)


def test_older_language_takes_variables_as_text() -> None:
    (rule,) = rules(version="2008-10-17", Resource="${aws:username}")
    assert rule.resources == ("${aws:username}",)


def test_actions_take_no_variables() -> None:
    (rule,) = rules(Action="kafka-cluster:${aws:username}")
    assert rule.actions == ("kafka-cluster:${aws:username}",)


MISSING = "x/${aws:PrincipalTag/none}"
UNKNOWN = "x/${aws:SourceIp}"


@pytest.mark.parametrize("resource", [MISSING, UNKNOWN])
def test_allow_on_a_variable_without_value_does_not_apply(resource: str) -> None:
    assert rules(Resource=resource) == ()
    (rule,) = rules(Resource=[resource, "y"])
    assert rule.resources == ("y",)


def test_deny_on_an_unknown_variable_covers_whatever_it_may_be() -> None:
    (rule,) = rules(effect="Deny", Resource=UNKNOWN)
    assert rule.resources == ("x/*",)


def test_deny_on_an_absent_variable_matches_nothing() -> None:
    assert rules(effect="Deny", Resource=MISSING) == ()


@pytest.mark.parametrize("resource", [MISSING, UNKNOWN])
def test_not_resource_without_value_gives_no_right_and_excepts_nothing_from_a_deny(resource: str) -> None:
    (allow,) = rules(NotResource=resource)
    assert allow.not_resources == ("x/*",)
    (deny,) = rules(effect="Deny", NotResource=resource)
    assert (deny.resources, deny.not_resources) == (("*",), None)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}, True),
        ({"StringEquals": {"AWS:principaltag/TEAM": "Blue"}}, False),
        ({"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "BLUE"}}, True),
        ({"StringNotEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}, False),
        ({"StringNotEquals": {"aws:PrincipalTag/team": ["red", "green"]}}, True),
        ({"StringNotEqualsIgnoreCase": {"aws:PrincipalTag/team": "BLUE"}}, False),
        ({"StringLike": {"aws:PrincipalTag/team": "b*e"}}, True),
        ({"StringNotLike": {"aws:PrincipalTag/team": "b*e"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "b*e"}}, False),
        ({"StringEquals": {"aws:username": "a${*}${?}\\b"}}, True),
        ({"StringLike": {"aws:username": "${aws:username}"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/none, 'blue'}"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/none}"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/none": "x"}}, False),
        ({"StringNotEquals": {"aws:PrincipalTag/none": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalTag/none": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalTag/team": "x"}}, False),
        ({"ForAllValues:StringEquals": {"aws:PrincipalTag/none": "x"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalTag/none": "x"}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:PrincipalTag/none": "x"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalTag/team": ["x", "blue"]}}, True),
        ({"ForAllValues:StringLike": {"aws:PrincipalTag/team": ["x", "bl*"]}}, True),
        ({"Null": {"aws:PrincipalTag/none": "true"}}, True),
        ({"Null": {"aws:PrincipalTag/team": True}}, False),
        ({"Null": {"aws:CurrentTime": "false"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"NumericGreaterThanEquals": {"aws:PrincipalTag/level": 7}}, True),
        ({"NumericLessThan": {"aws:PrincipalTag/level": ["6", "8"]}}, True),
        ({"NumericNotEquals": {"aws:PrincipalTag/level": ["6", "7.0"]}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/msk-users/*"}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:*:iam::123456789012:user/*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:*:x:*:user/*"}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "*"}}, True),
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_condition_on_a_known_key_is_decided(block: dict[str, Any], expected: bool, effect: str) -> None:
    assert applies(block, effect) is expected


@pytest.mark.parametrize(
    "block",
    [
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEqualsIfExists": {"aws:RequestedRegion": "us-east-1"}},
        {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "x"}},
        {"Null": {"aws:SourceVpce": "true"}},
        {"StringMatches": {"aws:username": "a"}},
        {"Some:StringEquals": {"aws:username": "a"}},
        {"StringEquals": {"aws:PrincipalTag/team": "${aws:SourceIp}"}},
        {"StringNotEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/none}"}},
        {"NumericEquals": {"aws:PrincipalTag/team": "7"}},
        {"NumericNotEquals": {"aws:PrincipalTag/level": "NaN"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam:*"}},
        {"IpAddress": {"aws:PrincipalTag/team": "10.0.0.0/8"}},
        {"DateLessThan": {"aws:CurrentTime": "tomorrow"}},
        {"DateLessThan": {"aws:CurrentTime": [DATE, "tomorrow"]}},
        {"StringLike": {"aws:CurrentTime": "2026*"}},
        {"DateLessThan": {"aws:PrincipalTag/team": DATE}},
        {"BinaryEquals": {"aws:username": "YQ=="}},
        {"Null": {"aws:username": "maybe"}},
    ],
)
def test_undecidable_condition_gives_no_right_and_lifts_no_deny(block: dict[str, Any]) -> None:
    assert not applies(block, "Allow")
    assert applies(block, "Deny")


def test_false_condition_beside_an_undecidable_one_lifts_the_deny() -> None:
    block = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "Bool": {"aws:SecureTransport": "false"}}
    assert not applies(block, "Deny")


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("DateLessThan", "aws:CurrentTime", DATE, [("DateLessThan", [DATE_MS])]),
        ("datelessthanequalsIfExists", "AWS:CURRENTTIME", "2026-11-22", [("DateLessThanEquals", [DATE_MS])]),
        ("DateLessThan", "aws:CurrentTime", ["2026-11", DATE, "2026"], [("DateLessThan", [DATE_MS])]),
        ("DateGreaterThan", "aws:CurrentTime", [DATE, "2027"], [("DateGreaterThan", [DATE_MS])]),
        (
            "DateEquals",
            "aws:EpochTime",
            [1795305600, 1795305601],
            [("DateEquals", [DATE_MS, DATE_MS + 1000])],
        ),
        ("NumericGreaterThan", "aws:EpochTime", "1795305600", [("DateGreaterThan", [DATE_MS])]),
        (
            "DateNotEquals",
            "aws:EpochTime",
            [1795305600, 1795305601],
            [("DateNotEquals", [DATE_MS]), ("DateNotEquals", [DATE_MS + 1000])],
        ),
        ("DateLessThan", "aws:CurrentTime", "2026-11-22T01:00:00+01:00", [("DateLessThan", [DATE_MS])]),
    ],
)
def test_condition_on_time_is_left_in_milliseconds(
    operator: str, key: str, values: Any, expected: list[tuple[str, list[int]]]
) -> None:
    (rule,) = rules(Condition={operator: {key: values}})
    name = "aws:EpochTime" if "epoch" in key.lower() else "aws:CurrentTime"
    assert rule.conditions == tuple(TimeCondition(found, name, tuple(at)) for found, at in expected)


def test_deny_keeps_its_time_beside_an_undecidable_condition() -> None:
    block = {"DateLessThan": {"aws:CurrentTime": DATE}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    (rule,) = rules(effect="Deny", Condition=block)
    assert rule.conditions == (TimeCondition("DateLessThan", "aws:CurrentTime", (DATE_MS,)),)
