"""What each route needs, written down by hand, by its method and path as OpenAPI has them.

A route stands here with every kind of request that asks for another right than its others.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from tests.unit.access_matrix.law import (
    MANAGE,
    MEMBER,
    OWNER,
    PROJECTS,
    READ,
    TOPICS,
    WRITE,
    Law,
    Person,
    Place,
)

STRANGER = str(uuid.uuid5(uuid.NAMESPACE_URL, "stranger"))
"""An identity that Globus Auth knows, and nobody else does."""


class Needs(Enum):
    """What a request needs that is about no place."""

    NOTHING = auto()
    """It is answered without a token."""
    LOGIN = auto()
    """It is about the caller alone, and served to everybody who is not suspended."""


class On(Enum):
    """Where the rights have to be held."""

    TOPIC = auto()
    """On the topic that the path names."""
    NAMESPACE = auto()
    """On the namespace that the path names, whichever topic comes after it."""
    PROJECT = auto()
    """Likewise, and it has to be a project."""
    OWN = auto()
    """Nowhere: the namespace has to be one of the caller's account."""
    ANYTHING_IN = auto()
    """On the namespace, or on any topic of it."""


@dataclass(frozen=True, eq=False)
class Ask:
    """A kind of request; ``{namespace}``, ``{topic}``, ``{name}`` and ``{place}`` are filled in anywhere."""

    route: str
    needs: Needs | frozenset[str]
    """Any one of the rights does."""
    on: On | None = None
    query: str = ""
    body: Any = None
    given: str = "read"
    """``{grant_id}`` is of a grant of this right, which nobody has."""
    also: str = ""
    """A right that is needed at the same place besides."""
    topic: str = ""
    """What ``{topic}`` is, where that is none of the law's."""

    def __str__(self) -> str:
        """Names it in a test's report."""
        sent = json.dumps(self.body) if self.body else ""
        return " ".join(filter(None, (self.route, self.query, sent)))


def _ask(route: str, on: On, *rights: str, **sent: Any) -> Ask:
    return Ask(route, frozenset(rights), on, **sent)


def _everybody(route: str, **sent: Any) -> Ask:
    return Ask(route, Needs.LOGIN, **sent)


_ANY = (READ, WRITE, MANAGE, MEMBER, OWNER)
_TOPIC = "/api/v3/{namespace}/{topic}"
_PROJECT = "/api/v3/projects/{name}"
_SHARE = {"who": STRANGER, "right": "read"}

ASKS = (
    Ask("GET /health/live", Needs.NOTHING),
    Ask("GET /health/ready", Needs.NOTHING),
    Ask("GET /api/v3/public/about", Needs.NOTHING),
    Ask("GET /api/v3/status", Needs.NOTHING),
    Ask("GET /api/v3/public/{namespace}/{topic}/records", Needs.NOTHING),
    # The caller's own.
    _everybody("POST /api/v3/user"),
    _everybody("DELETE /api/v3/user"),
    _everybody("GET /api/v3/namespace"),
    _everybody("POST /api/v3/key"),
    _everybody("DELETE /api/v3/key"),
    _everybody("GET /api/v3/keys"),
    _everybody("POST /api/v3/keys", body={}),
    _everybody("POST /api/v3/keys/{access_key}/rotate", body={}),
    _everybody("PATCH /api/v3/keys/{access_key}", body={"label": "x"}),
    _everybody("DELETE /api/v3/keys/{access_key}"),
    _everybody("GET /api/v3/shared"),
    _everybody("GET /api/v3/audit"),
    _everybody("GET /api/v3/quota"),
    _everybody("GET /api/v3/projects"),
    _everybody("GET /api/v3/search", query="q=events"),
    _everybody("GET /api/v3/account"),
    _everybody("DELETE /api/v3/account"),
    _everybody("DELETE /api/v3/account", query="dry_run=true"),
    _everybody("POST /api/v3/account/move", body={"token": "outsider"}),
    Ask("POST /api/v3/account/wipe", Needs.LOGIN, On.OWN, query="namespace={namespace}"),
    Ask("POST /api/v3/account/wipe", Needs.LOGIN, On.OWN, query="namespace={namespace}&dry_run=true"),
    Ask("DELETE /api/v3/account/namespaces/{namespace}", Needs.LOGIN, On.OWN),
    Ask("DELETE /api/v3/account/namespaces/{namespace}", Needs.LOGIN, On.OWN, query="dry_run=true"),
    # Sessions, of what their owner may do himself.
    _ask("POST /api/v3/sessions", On.TOPIC, READ, body={"topics": ["{place}"], "actions": ["read"]}),
    _ask("POST /api/v3/sessions", On.TOPIC, WRITE, body={"topics": ["{place}"], "actions": ["write"]}),
    # Topics.
    _ask(f"POST {_TOPIC}", On.NAMESPACE, MEMBER),
    _ask(f"POST {_TOPIC}", On.NAMESPACE, MEMBER, topic="brand-new"),
    _ask(f"POST {_TOPIC}", On.NAMESPACE, MEMBER, topic="brand-new", body={"public": True}, also=MANAGE),
    _ask(f"GET {_TOPIC}", On.TOPIC, *_ANY),
    _ask(f"PATCH {_TOPIC}", On.TOPIC, MEMBER, MANAGE, body={"description": "another"}),
    _ask(f"PATCH {_TOPIC}", On.TOPIC, MEMBER, MANAGE, body={"retention_hours": 5}, query="dry_run=true"),
    _ask(f"PATCH {_TOPIC}", On.TOPIC, MANAGE, body={"public": True}),
    _ask(f"PATCH {_TOPIC}", On.TOPIC, MANAGE, body={"listed": True}, query="dry_run=true"),
    _ask(f"POST {_TOPIC}/records/delete", On.TOPIC, MEMBER, MANAGE, body={"offsets": {"0": 5}}),
    _ask(f"DELETE {_TOPIC}", On.NAMESPACE, MEMBER),
    _ask(f"PUT {_TOPIC}/recreate", On.NAMESPACE, MEMBER),
    _ask(f"GET {_TOPIC}/grants", On.TOPIC, MANAGE, OWNER),
    _ask(f"POST {_TOPIC}/grants", On.TOPIC, MANAGE, body=_SHARE),
    _ask(f"DELETE {_TOPIC}/grants/{{grant_id}}", On.TOPIC, MANAGE, OWNER),
    _ask(f"GET {_TOPIC}/access", On.TOPIC, MANAGE, OWNER),
    _ask("GET /api/v3/audit", On.ANYTHING_IN, MANAGE, MEMBER, OWNER, query="namespace={namespace}"),
    _ask("GET /api/v3/audit", On.TOPIC, MANAGE, MEMBER, OWNER, query="namespace={namespace}&topic={topic}"),
    # Projects.
    _everybody(f"POST {_PROJECT}"),
    _ask(f"GET {_PROJECT}", On.PROJECT, *_ANY),
    _ask(f"PATCH {_PROJECT}", On.PROJECT, OWNER, body={"description": "another"}),
    _ask(f"PATCH {_PROJECT}", On.PROJECT, OWNER, body={"description": "another"}, query="dry_run=true"),
    _ask(f"DELETE {_PROJECT}", On.PROJECT, OWNER),
    _ask(f"DELETE {_PROJECT}", On.PROJECT, OWNER, query="dry_run=true"),
    _ask(f"GET {_PROJECT}/members", On.PROJECT, MANAGE, MEMBER, OWNER),
    _ask(f"POST {_PROJECT}/members", On.PROJECT, OWNER, body={"who": STRANGER, "role": "member"}),
    _ask(f"POST {_PROJECT}/members", On.PROJECT, OWNER, body={"who": STRANGER, "role": "owner"}),
    _ask(f"DELETE {_PROJECT}/members/{{grant_id}}", On.PROJECT, OWNER, given="member"),
    _ask(f"GET {_PROJECT}/grants", On.PROJECT, MANAGE, OWNER),
    _ask(f"POST {_PROJECT}/grants", On.PROJECT, MANAGE, body=_SHARE),
    _ask(f"DELETE {_PROJECT}/grants/{{grant_id}}", On.PROJECT, MANAGE, OWNER),
    _ask(f"POST {_PROJECT}/transfer", On.PROJECT, OWNER, body={"to": STRANGER}),
    _ask("GET /api/v3/quota", On.PROJECT, MEMBER, OWNER, query="project={namespace}"),
)
"""Every kind of request that there is."""


def lawful(law: Law, person: Person, ask: Ask, place: Place, now: datetime) -> bool:
    """Whether a person is to be served that; of what is about no place, any place will do."""
    if ask.needs is Needs.NOTHING:
        return True
    if isinstance(ask.needs, Needs):
        return not person.suspended and (ask.on is not On.OWN or place.namespace == person.namespace)
    whole = Place(place.namespace)
    held = [law.rights(person, each, now) for each in _counting(ask.on, place, whole)]
    also = {ask.also} - {""}
    return any(not ask.needs.isdisjoint(rights) and also <= rights for rights in held)


def _counting(on: On | None, place: Place, whole: Place) -> list[Place]:
    """Where a right does."""
    if on is On.TOPIC:
        return [place]
    if on is On.NAMESPACE or (on is On.PROJECT and whole.namespace in PROJECTS):
        return [whole]
    if on is On.ANYTHING_IN:
        return [whole, *(other for other in TOPICS if other.namespace == place.namespace)]
    return []
