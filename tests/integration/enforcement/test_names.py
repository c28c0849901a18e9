"""Names that try to reach from one namespace into another: patterns belong to policies, never to requests."""

from __future__ import annotations

import pytest

from tests.integration.enforcement.codec import Body
from tests.integration.enforcement.fabric import Fabric, Principal

CROSSING = [
    "*",
    "?" * 15 + ".events",
    "{foreign}.*",
    "{foreign}.?vents",
    "{foreign}/events",
    "{foreign}/{own}.events",
    "{foreign}.{own}.events",
    "*/{own}.events",
    "*{own}.events",
    "/{own}.events",
    "x/{own}.events",
    "../{own}.events",
    "{own}/../{foreign}.events",
    "{own}/events",
    "{own}*.events",
    "{own}?events",
    "{own}",
    "{OWN}.events",
    "${{aws:username}}.events",
    "${{aws:PrincipalTag/namespace}}.events",
    "{own}${{*}}.events",
    "{own}%2Eevents",
    " {own}.events",
    "{own}\u2024events",
    "{own}\u0000.events",
]
"""None of these begins with the caller's namespace and a dot."""
OWN = [
    "{own}.*",
    "{own}.?",
    "{own}.a/b",
    "{own}.../../{foreign}.events",
    "{own}.${{aws:username}}",
    "{own}.a b",
]
"""These do, and are nothing but names."""


def _name(pattern: str, alice: Principal, bob: Principal) -> str:
    return pattern.format(own=alice.namespace, OWN=alice.namespace.upper(), foreign=bob.namespace)


def _requests(name: str) -> dict[str, tuple[int | None, Body]]:
    """One request for each kind of name, and its version."""
    partition = {"partition": 0, "partitionMaxBytes": 1000}
    return {
        "METADATA": (None, {"topics": [{"name": name}]}),
        "FETCH": (12, {"topics": [{"topic": name, "partitions": [partition]}]}),
        "JOIN_GROUP": (
            None,
            {
                "groupId": name,
                "sessionTimeoutMs": 10000,
                "rebalanceTimeoutMs": 10000,
                "protocolType": "consumer",
                "protocols": [{"name": "range", "metadata": ""}],
            },
        ),
        "INIT_PRODUCER_ID": (None, {"transactionalId": name, "transactionTimeoutMs": 10000}),
    }


REFUSALS = {
    "METADATA": "TOPIC_AUTHORIZATION_FAILED",
    "FETCH": "TOPIC_AUTHORIZATION_FAILED",
    "JOIN_GROUP": "GROUP_AUTHORIZATION_FAILED",
    "INIT_PRODUCER_ID": "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
}


@pytest.mark.parametrize("pattern", CROSSING, ids=ascii)
def test_name_outside_the_namespace_is_refused_whatever_it_looks_like(
    fabric: Fabric, alice: Principal, bob: Principal, pattern: str
) -> None:
    assert _heard(fabric, alice, _name(pattern, alice, bob)) == {
        request: {refusal} for request, refusal in REFUSALS.items()
    }


@pytest.mark.parametrize("pattern", OWN, ids=ascii)
def test_name_inside_the_namespace_is_just_a_name(
    fabric: Fabric, alice: Principal, bob: Principal, pattern: str
) -> None:
    heard = _heard(fabric, alice, _name(pattern, alice, bob))
    assert heard["JOIN_GROUP"] == {"MEMBER_ID_REQUIRED"}
    assert heard["INIT_PRODUCER_ID"] == set()
    # Kafka makes no topic of such a name, but the right was there.
    assert heard["METADATA"] <= {"INVALID_TOPIC_EXCEPTION", "UNKNOWN_TOPIC_OR_PARTITION"}
    assert heard["FETCH"] <= {"UNKNOWN_TOPIC_OR_PARTITION"}


def _heard(fabric: Fabric, principal: Principal, name: str) -> dict[str, set[str]]:
    with fabric.connect(principal) as connection:
        return {
            request: set(fabric.codec.errors(connection.send(request, body, version=version)).values())
            for request, (version, body) in _requests(name).items()
        }
