"""What topics and namespaces may be called."""

from __future__ import annotations

import pytest

from octopus.errors import Failure
from octopus.topics.names import full_name, is_namespace_name, is_topic_name, namespace_of, require_topic_name


@pytest.mark.parametrize("name", ["abc", "a" * 32, "A-b_9", "000", "dead", "a_deadline"])
def test_name_within_the_rules_is_taken(name: str) -> None:
    require_topic_name(name)
    assert is_topic_name(name)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "Name must be between 3 and 32 characters"),
        ("ab", "Name must be between 3 and 32 characters"),
        ("a" * 33, "Name must be between 3 and 32 characters"),
        ("a b", "Name can only contain letters, numbers, dash, and underscore"),
        ("a.b", "Name can only contain letters, numbers, dash, and underscore"),
        ("a/b", "Name can only contain letters, numbers, dash, and underscore"),
        ("abc\n", "Name can only contain letters, numbers, dash, and underscore"),
        ("été", "Name can only contain letters, numbers, dash, and underscore"),
        ("-abc", "Name cannot start or end with hyphen or underscore"),
        ("abc_", "Name cannot start or end with hyphen or underscore"),
        ("a_dead", "Name cannot end with _dead: such names are kept for dead letters"),
    ],
)
def test_name_outside_the_rules_fails_in_the_published_words(name: str, rule: str) -> None:
    with pytest.raises(Failure) as refused:
        require_topic_name(name)

    assert refused.value.message == rule
    assert not is_topic_name(name)


def test_namespace_is_the_tail_of_the_subject() -> None:
    namespace = namespace_of("7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44")

    assert namespace == "ns-3f2a5c1b9e44"
    assert full_name(namespace, "events") == "ns-3f2a5c1b9e44.events"


@pytest.mark.parametrize("name", ["key", "keys", "namespace", "sessions", "user"])
def test_word_that_routes_begin_with_is_no_namespace(name: str) -> None:
    assert is_namespace_name(f"{name}-1")
    assert not is_namespace_name(name)
