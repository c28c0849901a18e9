"""HTTP of topics: ``/{namespace}/{topic}``.

Names arrive percent-encoded and the server has decoded them once; they are used as they are.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from octopus.errors import InvalidError
from octopus.topics.replies import TopicRecreatedReply, TopicsReply
from octopus.topics.service import Topics
from octopus.web.authentication import AuthenticatedCaller
from octopus.web.errors import DOCUMENTED, FailureReply


def _require_plain_path(request: Request) -> None:
    # An encoded slash is decoded before routes are matched, so that it would divide one name into two.
    if b"%2f" in request.scope.get("raw_path", b"").lower():
        raise InvalidError(f"path: no name holds a slash, received {request.scope['raw_path'].decode()!r}")


router = APIRouter(
    prefix="/api/v3", tags=["Topic"], responses=DOCUMENTED, dependencies=[Depends(_require_plain_path)]
)


def _topics(request: Request) -> Topics:
    found: Topics = request.app.state.topics
    return found


TopicsOfFabric = Annotated[Topics, Depends(_topics)]
Namespace = Annotated[str, Path(description="A namespace of yours.", examples=["ns-3f2a5c1b9e44"])]
Topic = Annotated[
    str,
    Path(
        description="3 to 32 letters, digits, `-` or `_` (the last two not at either end); never `*_dead`.",
        examples=["measurements"],
    ),
]


@router.post("/{namespace}/{topic}", summary="Create a topic", response_model=TopicsReply | FailureReply)
def create_topic(
    caller: AuthenticatedCaller, topics: TopicsOfFabric, namespace: Namespace, topic: Topic
) -> TopicsReply:
    """The topic exists, with one partition, and can be written to at once."""
    change = topics.create(caller, namespace, topic)
    verb = "created" if change.changed else "already exists"
    return TopicsReply(message=f"Topic {topic} {verb} in {namespace}", topics=change.topics)


@router.delete("/{namespace}/{topic}", summary="Delete a topic", response_model=TopicsReply | FailureReply)
def delete_topic(
    caller: AuthenticatedCaller, topics: TopicsOfFabric, namespace: Namespace, topic: Topic
) -> TopicsReply:
    """The topic and all its records are gone."""
    change = topics.delete(caller, namespace, topic)
    verb = "deleted from" if change.changed else "not found in"
    return TopicsReply(message=f"Topic {topic} {verb} {namespace}", topics=change.topics)


@router.put(
    "/{namespace}/{topic}/recreate",
    summary="Empty a topic by making it anew",
    response_model=TopicRecreatedReply | FailureReply,
)
def recreate_topic(
    caller: AuthenticatedCaller, topics: TopicsOfFabric, namespace: Namespace, topic: Topic
) -> TopicRecreatedReply:
    """All records are gone, and the topic has a new topic id."""
    topics.recreate(caller, namespace, topic)
    return TopicRecreatedReply(message="Topic recreated")
