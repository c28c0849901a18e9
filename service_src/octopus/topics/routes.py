"""HTTP of topics: ``/{namespace}/{topic}``.

Names arrive percent-encoded and the server has decoded them once; they are used as they are.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from octopus.errors import InvalidError
from octopus.topics.configuration import Configuration
from octopus.topics.replies import (
    DeleteRecordsBody,
    RecordsDeletedReply,
    TopicBody,
    TopicChangedReply,
    TopicRecreatedReply,
    TopicReply,
    TopicsReply,
)
from octopus.topics.service import Topics
from octopus.web.authentication import AuthenticatedCaller, TokenCaller
from octopus.web.errors import DOCUMENTED, FailureReply, documented


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


def _configuration(request: Request) -> Configuration:
    found: Configuration = request.app.state.configuration
    return found


TopicsOfFabric = Annotated[Topics, Depends(_topics)]
ConfigurationOfFabric = Annotated[Configuration, Depends(_configuration)]
Namespace = Annotated[str, Path(description="Yours, or a project's.", examples=["ns-3f2a5c1b9e44"])]
Topic = Annotated[
    str,
    Path(
        description="3 to 32 letters, digits, `-` or `_` (the last two not at either end); never `*_dead`.",
        examples=["measurements"],
    ),
]

_NO_TOPIC: dict[int | str, dict[str, Any]] = {
    404: documented("The namespace has no such topic.", 404, "Topic measurements not found in lab-a")
}


@router.post("/{namespace}/{topic}", summary="Create a topic", response_model=TopicsReply | FailureReply)
def create_topic(
    caller: AuthenticatedCaller,
    topics: TopicsOfFabric,
    namespace: Namespace,
    topic: Topic,
    body: TopicBody | None = None,
) -> TopicsReply:
    """The topic exists and can be written to at once. Without a body it has what its project says, else one
    partition and the brokers' settings.

    A topic that exists already is not changed; the message says what of it is otherwise than asked for.
    """
    change = topics.create(caller, namespace, topic, body.wish() if body else None)
    verb = "created" if change.changed else "already exists"
    unlike = f", with another {', '.join(change.unlike)}: PATCH changes it" if change.unlike else ""
    return TopicsReply(message=f"Topic {topic} {verb} in {namespace}{unlike}", topics=change.topics)


@router.get(
    "/{namespace}/{topic}",
    summary="Describe a topic",
    responses=_NO_TOPIC,
)
def describe_topic(
    caller: TokenCaller, configuration: ConfigurationOfFabric, namespace: Namespace, topic: Topic
) -> TopicReply:
    """Settings, description, offsets, and what you may do with it."""
    return TopicReply.of(namespace, topic, configuration.describe(caller, namespace, topic))


@router.patch(
    "/{namespace}/{topic}",
    summary="Change a topic's settings or description",
    responses=_NO_TOPIC,
)
def change_topic(
    caller: TokenCaller,
    configuration: ConfigurationOfFabric,
    namespace: Namespace,
    topic: Topic,
    body: TopicBody,
    dry_run: Annotated[bool, Query(description="Only say what would change, and what cannot.")] = False,
) -> TopicChangedReply:
    """The topic is as asked for; what the body leaves out stays as it was."""
    if dry_run:
        plan = configuration.plan(caller, namespace, topic, body.wish())
    else:
        plan = configuration.change(caller, namespace, topic, body.wish())
    return TopicChangedReply.of(topic, plan, dry_run=dry_run)


@router.post(
    "/{namespace}/{topic}/records/delete",
    summary="Delete a topic's oldest records",
    responses=_NO_TOPIC,
)
def delete_records(
    caller: TokenCaller,
    configuration: ConfigurationOfFabric,
    namespace: Namespace,
    topic: Topic,
    body: DeleteRecordsBody,
) -> RecordsDeletedReply:
    """No record before these offsets is left; the topic and its topic id stay."""
    earliest = configuration.delete_records(caller, namespace, topic, body.before())
    return RecordsDeletedReply(message=f"Records of {topic} deleted", earliest=earliest)


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
