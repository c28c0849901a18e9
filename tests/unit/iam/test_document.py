"""Parsing of policy documents."""

from __future__ import annotations

from typing import Any

import pytest

from octopus.iam.document import PolicyDocumentError, parse
from octopus.iam.models import Condition

ALLOW = {"Effect": "Allow", "Action": "a:b", "Resource": "*"}


def test_text_and_list_single_statement_and_list_are_the_same() -> None:
    listed = {"Statement": [{"Effect": "Allow", "Action": ["a:b"], "Resource": ["*"]}]}
    assert parse({"Statement": ALLOW}) == parse(listed)


def test_missing_version_is_the_older_language_without_variables() -> None:
    assert not parse({"Statement": ALLOW}).has_variables
    assert not parse({"Version": "2008-10-17", "Statement": ALLOW}).has_variables
    assert parse({"Version": "2012-10-17", "Statement": ALLOW}).has_variables


def test_condition_values_are_text() -> None:
    block = {
        "Bool": {"aws:SecureTransport": True},
        "NumericEquals": {"k": [1, 2.5]},
        "StringLike": {"k": "v"},
    }
    (statement,) = parse({"Statement": {**ALLOW, "Condition": block}}).statements
    assert statement.conditions == (
        Condition("Bool", "aws:SecureTransport", ("true",)),
        Condition("NumericEquals", "k", ("1", "2.5")),
        Condition("StringLike", "k", ("v",)),
    )


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ({}, "Statement"),
        ({"Version": "2020-01-01", "Statement": ALLOW}, "Version"),
        ({"Statement": ALLOW, "Extra": 1}, "Extra"),
        ({"Statement": {**ALLOW, "Principal": "*"}}, "Principal"),
        ({"Statement": {**ALLOW, "Effect": "allow"}}, "Effect"),
        ({"Statement": {**ALLOW, "NotAction": "x"}}, "exactly one of Action"),
        ({"Statement": {"Effect": "Allow", "Action": "a:b"}}, "exactly one of Resource"),
        ({"Statement": {**ALLOW, "Action": []}}, "Action"),
        ({"Statement": {**ALLOW, "Action": ""}}, "Action"),
        ({"Statement": {**ALLOW, "Resource": [1]}}, "Resource"),
        ({"Statement": {**ALLOW, "Condition": []}}, "Condition"),
        ({"Statement": {**ALLOW, "Condition": {"Bool": "x"}}}, "Bool"),
        ({"Statement": {**ALLOW, "Condition": {"Bool": {"k": None}}}}, "value"),
        ({"Statement": ["x"]}, "statement 0"),
        ('{"Statement": [], "Statement": []}', "repeated"),
    ],
)
def test_what_is_not_understood_is_an_error_that_says_where(policy: Any, message: str) -> None:
    with pytest.raises(PolicyDocumentError, match=message):
        parse(policy)
