"""HTTP of grants on topics, and of what is shared with the caller."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request

from octopus.access.models import Grant, HeldGrant, Reason, Right
from octopus.sharing.grantees import Named
from octopus.sharing.pages import After, Limit, page
from octopus.sharing.replies import (
    AccessReply,
    GrantReply,
    GrantShown,
    GrantsReply,
    GrantTakenReply,
    NewGrant,
    ReasonShown,
    SharedReply,
    SharedShown,
)
from octopus.sharing.service import Sharing
from octopus.times import shown
from octopus.web.authentication import TokenCaller
from octopus.web.errors import DOCUMENTED, documented

router = APIRouter(prefix="/api/v3", tags=["Sharing"], responses=DOCUMENTED)

_NO_TOPIC: dict[int | str, dict[str, Any]] = {
    404: documented("The namespace has no such topic.", 404, "Topic events not found in ns-3f2a5c1b9e44")
}


def _sharing(request: Request) -> Sharing:
    found: Sharing = request.app.state.sharing
    return found


SharingOfFabric = Annotated[Sharing, Depends(_sharing)]
Namespace = Annotated[str, Path(description="Of the topic.", examples=["ns-3f2a5c1b9e44"])]
Topic = Annotated[str, Path(description="Without its namespace.", examples=["measurements"])]
GrantId = Annotated[
    str,
    Path(
        max_length=60,
        description="As lists and replies have it.",
        examples=["read-user-b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"],
    ),
]


def _named(
    who: Annotated[
        str | None, Query(max_length=300, description="Only those of this person: name, e-mail, UUID.")
    ] = None,
    group: Annotated[UUID | None, Query(description="Only those of this Globus group.")] = None,
) -> Named | None:
    if who is None and group is None:
        return None
    return Named(who=who, group=None if group is None else str(group))


OfGrantee = Annotated[Named | None, Depends(_named)]


@router.get("/shared", summary="List what is shared with you")
def list_shared(
    caller: TokenCaller, sharing: SharingOfFabric, limit: Limit = 100, after: After = None
) -> SharedReply:
    """Grants that count for you: by name, through your linked identities, and through groups."""
    some = page(sharing.shared_with(caller), _held_key, limit, after)
    shown = [SharedShown.of(one, caller.subject) for one in some.entries]
    return SharedReply(message=f"Found {len(shown)} grants", shared=shown, next=some.next)


@router.get("/{namespace}/{topic}/grants", summary="List the grants on a topic", responses=_NO_TOPIC)
def list_grants(
    caller: TokenCaller,
    sharing: SharingOfFabric,
    namespace: Namespace,
    topic: Topic,
    to: OfGrantee,
    limit: Limit = 100,
    after: After = None,
) -> GrantsReply:
    """Those on this topic itself; of a project, whoever is in it or shares it whole stands there."""
    return grants_reply(sharing.grants(caller, namespace, topic, to=to), limit, after)


@router.post("/{namespace}/{topic}/grants", summary="Share a topic", responses=_NO_TOPIC)
def share_topic(
    caller: TokenCaller, sharing: SharingOfFabric, namespace: Namespace, topic: Topic, wanted: NewGrant
) -> GrantReply:
    """The person or group has the right, on Kafka within five seconds."""
    grant = sharing.give(caller, namespace, topic, wanted.named(), Right(wanted.right), wanted.until)
    return given_reply(grant, f"topic {topic} in {namespace}")


@router.delete("/{namespace}/{topic}/grants/{grant_id}", summary="Take a grant on a topic back")
def unshare_topic(
    caller: TokenCaller, sharing: SharingOfFabric, namespace: Namespace, topic: Topic, grant_id: GrantId
) -> GrantTakenReply:
    """The grant gives nothing any more, on Kafka within five seconds. Your own may be given up so, too."""
    return taken_reply(grant_id, sharing.take(caller, namespace, topic, grant_id))


@router.get(
    "/{namespace}/{topic}/access",
    summary="Who can read, write or manage a topic, and why",
    responses=_NO_TOPIC,
)
def list_access(
    caller: TokenCaller,
    sharing: SharingOfFabric,
    namespace: Namespace,
    topic: Topic,
    limit: Limit = 100,
    after: After = None,
) -> AccessReply:
    """One entry for each way to a right: by a grant, a group, a project. A group is one, with its size."""
    some = page(sharing.who(caller, namespace, topic), _reason_key, limit, after)
    names = sharing.names([one.identity for one in some.entries if one.identity is not None])
    shown = [ReasonShown.of(one, names) for one in some.entries]
    return AccessReply(message=f"Found {len(shown)} reasons", access=shown, next=some.next)


def grants_reply(grants: list[Grant], limit: int, after: str | None) -> GrantsReply:
    """A page of grants on one thing."""
    some = page(grants, lambda grant: grant.id, limit, after)
    shown = [GrantShown.of(grant) for grant in some.entries]
    return GrantsReply(message=f"Found {len(shown)} grants", grants=shown, next=some.next)


def given_reply(grant: Grant, what: str) -> GrantReply:
    """A grant is there.

    Args:
        what: it is on, for people to read.
    """
    until = f" until {shown(grant.until)}" if grant.until else ""
    name = grant.shown_as or grant.grantee.id
    return GrantReply(message=f"{name} has {grant.right} on {what}{until}", grant=GrantShown.of(grant))


def taken_reply(grant_id: str, taken: Grant | None) -> GrantTakenReply:
    """A grant is there no more."""
    return GrantTakenReply(message=f"Grant {grant_id} {'revoked' if taken else 'not found'}")


def _held_key(held: HeldGrant) -> str:
    grant = held.grant
    return f"{grant.namespace}/{grant.topic}/{grant.id}"


def _reason_key(reason: Reason) -> str:
    grant = reason.grant
    way = f"{grant.topic}/{grant.id}" if grant else ""
    return f"{reason.identity or reason.through_group}/{reason.right}/{way}"
