"""Wildcards."""

from __future__ import annotations

import time

import pytest

from octopus.iam.patterns import escape, from_policy, matches


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("*", "", True),
        ("*", "a/b:c\n", True),
        ("a*", "a", True),
        ("a*", "ba", False),
        ("a*c", "a/b/c", True),
        ("a*b*c", "axbxbxc", True),
        ("a*b*c", "axc", False),
        ("*ab", "aab", True),
        ("a*ab", "ab", False),
        ("a?c", "a/c", True),
        ("a?c", "ac", False),
        ("?*", "", False),
        ("**", "x", True),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        (r"a\?", "ab", False),
        (r"a\\", "a\\", True),
        (r"a\\*", "a\\b", True),
        (r"\a", "a", True),
        ("a", "A", False),
        ("", "", True),
        ("", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_pattern_matches_the_whole_value_only(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected


def test_pattern_ignores_case_when_told() -> None:
    assert matches("kafka-cluster:read*", "KAFKA-CLUSTER:ReadData", ignore_case=True)


@pytest.mark.parametrize("text", ["*", "?", "\\", "a*b?c\\d", "\\*"])
def test_escaped_text_matches_itself_alone(text: str) -> None:
    assert matches(escape(text), text)
    assert not matches(escape(text), text + "x")
    assert not matches(escape(text), text.replace("*", "x").replace("?", "x").replace("\\", "x"))


def test_backslash_in_a_policy_is_a_plain_character() -> None:
    assert matches(from_policy("a\\*"), "a\\anything")


def test_many_wildcards_take_no_exponential_time() -> None:
    began = time.process_time()
    assert not matches("*a" * 60 + "b", "a" * 2000)
    assert time.process_time() - began < 1
