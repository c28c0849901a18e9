"""What each of Kafka's operations needs, written down by hand, by its name in the table of operations.

Any one of the rights named does, held on the topic; for groups and transactional ids on the whole namespace.
"""

from __future__ import annotations

from datetime import datetime

from tests.unit.access_matrix.law import MEMBER, READ, WRITE, Law, Person, Place

ANY_ACCOUNT = frozenset({"any account"})
"""Whoever is not suspended."""
NOBODY: frozenset[str] = frozenset()
"""No tenant: the service's, for the whole fabric, or an operator's."""
_DATA = frozenset({READ, WRITE})
_MEMBER = frozenset({MEMBER})

NEEDS: dict[str, frozenset[str]] = {
    "DESCRIBE TOPIC": _DATA,
    "READ TOPIC": frozenset({READ}),
    "WRITE TOPIC": frozenset({WRITE}),
    "DESCRIBE_CONFIGS TOPIC": _MEMBER,
    "CREATE TOPIC": NOBODY,
    "ALTER TOPIC": NOBODY,
    "DELETE TOPIC": NOBODY,
    "ALTER_CONFIGS TOPIC": NOBODY,
    "DESCRIBE GROUP": _MEMBER,
    "READ GROUP": _MEMBER,
    "DELETE GROUP": _MEMBER,
    "DESCRIBE_CONFIGS GROUP": NOBODY,
    "ALTER_CONFIGS GROUP": NOBODY,
    "DESCRIBE TRANSACTIONAL_ID": _MEMBER,
    "WRITE TRANSACTIONAL_ID": _MEMBER,
    "TWO_PHASE_COMMIT TRANSACTIONAL_ID": NOBODY,
    "IDEMPOTENT_WRITE CLUSTER": ANY_ACCOUNT,
    "CREATE CLUSTER": NOBODY,
    "DELETE CLUSTER": NOBODY,
    "ALTER CLUSTER": NOBODY,
    "DESCRIBE CLUSTER": NOBODY,
    "CLUSTER_ACTION CLUSTER": NOBODY,
    "DESCRIBE_CONFIGS CLUSTER": NOBODY,
    "ALTER_CONFIGS CLUSTER": NOBODY,
    "DESCRIBE DELEGATION_TOKEN": NOBODY,
    "CREATE_TOKENS USER": NOBODY,
    "DESCRIBE_TOKENS USER": NOBODY,
}


def lawful(law: Law, person: Person, operation: str, place: Place, now: datetime) -> bool:
    """Whether a person may do that to what is called like a place: a topic, a group, a transactional id."""
    needed = NEEDS[operation]
    if needed is ANY_ACCOUNT:
        return not person.suspended
    # A group or a transactional id is nobody's but the namespace's, whatever topic is called the same.
    asked = place if operation.endswith(" TOPIC") else Place(place.namespace)
    return not needed.isdisjoint(law.rights(person, asked, now))
