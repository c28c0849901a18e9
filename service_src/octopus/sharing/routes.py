"""HTTP of grants on topics, and of what is shared with the caller."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from octopus.access.models import HeldGrant, Reason, Right
from octopus.pages import page
from octopus.sharing.parameters import GrantId, OfGrantee, SharingOfFabric
from octopus.sharing.replies import (
    AccessReply,
    GrantReply,
    GrantsReply,
    GrantTakenReply,
    NewGrant,
    ReasonShown,
    SharedReply,
    SharedShown,
    given_reply,
    grants_reply,
    taken_reply,
)
from octopus.web.authentication import TokenCaller
from octopus.web.errors import DOCUMENTED, documented
from octopus.web.parameters import After, Limit

router = APIRouter(prefix="/api/v3", tags=["Sharing"], responses=DOCUMENTED)

_NO_TOPIC: dict[int | str, dict[str, Any]] = {
    404: documented("The namespace has no such topic.", 404, "Topic events not found in ns-3f2a5c1b9e44")
}


Namespace = Annotated[str, Path(description="Of the topic.", examples=["ns-3f2a5c1b9e44"])]
Topic = Annotated[str, Path(description="Without its namespace.", examples=["measurements"])]


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
    given = sharing.give(caller, namespace, topic, wanted.named(), Right(wanted.right), wanted.until)
    return given_reply(given, f"topic {topic} in {namespace}")


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


def _held_key(held: HeldGrant) -> str:
    grant = held.grant
    return f"{grant.namespace}/{grant.topic}/{grant.id}"


def _reason_key(reason: Reason) -> str:
    grant = reason.grant
    way = f"{grant.topic}/{grant.id}" if grant else ""
    return f"{reason.identity or reason.through_group}/{reason.right}/{way}"
