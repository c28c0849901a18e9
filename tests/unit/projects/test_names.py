"""What a project may be called."""

from __future__ import annotations

import pytest

from octopus.errors import InvalidError
from octopus.projects.names import require_project_name
from octopus.topics.names import RESERVED_NAMESPACES, is_namespace_name


@pytest.mark.parametrize("name", ["abc", "a-b", "0-0", "beamline-7", "a" * 32, "nsx", "ns7"])
def test_name_within_the_rules_is_taken(name: str) -> None:
    require_project_name(name)

    assert is_namespace_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 33,
        "Lab",
        "a_b",
        "a.b",
        "a b",
        "-ab",
        "ab-",
        "lab\n",
        "läb",
        "ns-lab",
        "ns-3f2a5c1b9e44",
    ],
)
def test_name_outside_the_rules_is_refused_with_the_rule_and_the_value(name: str) -> None:
    with pytest.raises(InvalidError, match="name: a project has 3 to 32 lower-case letters") as refused:
        require_project_name(name)

    assert repr(name[:64]) in refused.value.message


@pytest.mark.parametrize("name", sorted(RESERVED_NAMESPACES))
def test_word_that_addresses_begin_with_is_no_project(name: str) -> None:
    with pytest.raises(InvalidError, match="kept for the service's own addresses"):
        require_project_name(name)


def test_project_of_an_earlier_release_that_is_called_like_a_later_route_is_reached_on() -> None:
    with pytest.raises(InvalidError, match="kept for the service's own addresses"):
        require_project_name("status")
    assert is_namespace_name("status")
