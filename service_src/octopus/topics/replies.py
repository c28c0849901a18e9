"""What routes of topics take and give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from octopus.access.models import Right
from octopus.topics.about import About, Contact, Description, Licence, Listed, Public, Tags
from octopus.topics.changes import Plan, Wish
from octopus.topics.configuration import Description as Described
from octopus.topics.names import full_name
from octopus.topics.settings import AskedSettings, TopicSettings


class TopicBody(AskedSettings):
    """What a topic is to be like; what is left out stays as it is, null is the default."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partitions": 4,
                "retention_hours": 72,
                "description": "Temperature and humidity of the clean room, one record a second",
                "tags": ["cleanroom", "telemetry"],
                "contact": "ops@lab.example",
                "licence": "CC-BY-4.0",
            }
        }
    )

    description: Description | None = None
    tags: Tags | None = None
    contact: Contact | None = None
    licence: Licence | None = None
    listed: Listed | None = None
    public: Public | None = None

    def wish(self) -> Wish:
        """The same, for the service."""
        named = self.model_fields_set & About.model_fields.keys()
        return Wish(self.changes(), {name: getattr(self, name) for name in named})


class TopicsReply(BaseModel):
    """The change is made; ``topics`` are all topics of the namespace, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Topic measurements created in ns-3f2a5c1b9e44",
                "topics": ["measurements", "telemetry"],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    topics: list[str]


class TopicRecreatedReply(BaseModel):
    """The topic is there again, empty, under a new topic id."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "success", "message": "Topic recreated"}}
    )

    status: Literal["success"] = "success"
    message: str


class OffsetsShown(BaseModel):
    """Of one partition."""

    earliest: Annotated[int, Field(description="Offset of the first record that there is.")]
    latest: Annotated[int, Field(description="Offset of the next record that comes.")]


class TopicReply(BaseModel):
    """A topic, as the caller sees it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Topic measurements of ns-3f2a5c1b9e44",
                "name": "ns-3f2a5c1b9e44.measurements",
                "topic_id": "UdsmRUAcQCaPJ8nBGmYVQQ",
                "settings": {
                    "partitions": 1,
                    "retention_ms": 259200000,
                    "retention_bytes": None,
                    "cleanup_policy": "delete",
                    "max_message_bytes": 1048588,
                    "timestamp_type": "CreateTime",
                },
                "chosen": ["partitions", "retention_ms"],
                "about": {
                    "description": "Temperature and humidity of the clean room, one record a second",
                    "tags": ["cleanroom", "telemetry"],
                    "contact": "ops@lab.example",
                    "licence": "CC-BY-4.0",
                    "listed": True,
                    "public": False,
                },
                "rights": ["manage", "member", "owner", "read", "write"],
                "offsets": {"0": {"earliest": 0, "latest": 1200}},
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    name: Annotated[str, Field(description="What Kafka clients call it.")]
    topic_id: Annotated[str | None, Field(description="Kafka's id: another one once it was recreated.")]
    settings: Annotated[
        TopicSettings | None, Field(description="What holds, the brokers' defaults included.")
    ]
    chosen: Annotated[list[str], Field(description="Which of them were chosen for this topic.")]
    about: About
    rights: Annotated[
        list[Right],
        Field(description="Yours. Without any, you see a listed topic, and only what it is about."),
    ]
    offsets: Annotated[dict[int, OffsetsShown] | None, Field(description="By partition.")]

    @classmethod
    def of(cls, namespace: str, topic: str, found: Described) -> Self:
        """What is to be said of a topic."""
        spans = found.spans
        return cls(
            message=f"Topic {topic} of {namespace}",
            name=full_name(namespace, topic),
            topic_id=found.topic_id,
            settings=found.in_force,
            chosen=sorted(found.settings.told()) if found.settings else [],
            about=found.about,
            rights=sorted(found.rights),
            offsets=None
            if spans is None
            else {
                number: OffsetsShown(earliest=span.earliest, latest=span.latest)
                for number, span in spans.items()
            },
        )


Value = str | int | bool | tuple[str, ...] | None


class TopicChangeShown(BaseModel):
    """One field that is, or would be, another."""

    field: str
    before: Value
    after: Value


class RefusalShown(BaseModel):
    """One field that cannot be what was asked for."""

    field: str
    reason: Annotated[str, Field(description="The rule, with the range that is allowed.")]


class TopicChangedReply(BaseModel):
    """What was changed, or with ``dry_run`` what would be, and what could not be."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Topic measurements cannot be changed so: nothing was done",
                "changes": [{"field": "retention_ms", "before": None, "after": 259200000}],
                "refused": [
                    {"field": "partitions", "reason": "they never become fewer: there are 4, received 2"}
                ],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    changes: list[TopicChangeShown]
    refused: Annotated[list[RefusalShown], Field(description="Only of a plan: else nothing would be done.")]

    @classmethod
    def of(cls, topic: str, plan: Plan, *, dry_run: bool) -> Self:
        """What is to be said of a change."""
        return cls(
            message=_said(topic, plan, dry_run=dry_run),
            changes=[
                TopicChangeShown(field=change.field, before=change.before, after=change.after)
                for change in plan.changes
            ],
            refused=[RefusalShown(field=one.field, reason=one.reason) for one in plan.refusals],
        )


class DeleteRecordsBody(BaseModel):
    """Up to where records are deleted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"offsets": {"0": 120}}})

    offsets: Annotated[
        dict[Annotated[int, Field(ge=0)], int] | Literal["all"],
        Field(description="By partition, the first offset to keep; or `all` that there are now."),
    ]

    def before(self) -> Mapping[int, int] | None:
        """The same, for the service."""
        return None if self.offsets == "all" else self.offsets


class RecordsDeletedReply(BaseModel):
    """The records are gone."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Records of measurements deleted",
                "earliest": {"0": 120},
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    earliest: Annotated[
        dict[int, int], Field(description="By partition, offset of the first record that is left.")
    ]


def _said(topic: str, plan: Plan, *, dry_run: bool) -> str:
    if plan.changes and not dry_run:
        return f"Topic {topic} changed"
    if plan.refusals:
        return f"Topic {topic} cannot be changed so: nothing was done"
    if plan.changes:
        return f"Topic {topic} would be changed: nothing was done"
    return f"Topic {topic} is like that already"
