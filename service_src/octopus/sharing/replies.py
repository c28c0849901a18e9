"""What the routes of sharing take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from octopus.access.models import Grant, GranteeKind, HeldGrant, Reason, Right, Why
from octopus.pages import Next, page
from octopus.sharing.grantees import Given, Named
from octopus.times import Moment, shown

_GRANT_ID = "read-user-b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"
_GRANT: dict[str, JsonValue] = {
    "id": _GRANT_ID,
    "namespace": "ns-3f2a5c1b9e44",
    "topic": "measurements",
    "right": "read",
    "kind": "user",
    "to": "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11",
    "name": "ada@example.org",
    "until": "2027-03-31T22:00:00Z",
    "by": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
    "created": "2026-11-22T04:50:31Z",
}


class Grantees(BaseModel):
    """A person or a group: one of the two."""

    who: Annotated[
        str | None,
        Field(max_length=300, description="User name, e-mail address or UUID of a Globus identity."),
    ] = None
    group: Annotated[UUID | None, Field(description="UUID of a Globus group.")] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.who is None) == (self.group is None):
            raise ValueError("name a person by `who` or a Globus group by `group`: one of the two")
        return self

    def named(self) -> Named:
        """As the service takes it."""
        return Named(who=self.who, group=None if self.group is None else str(self.group))


class NewGrant(Grantees):
    """Who is to have which right, and until when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"who": "ada@example.org", "right": "read", "until": "2027-04-01T00:00:00+02:00"}
        },
    )

    right: Annotated[
        Literal["read", "write", "manage"],
        Field(description="`read` and `write` are of records, and `manage` of everything but records."),
    ]
    until: Annotated[
        Moment | None, Field(description="When it ends by itself, with its zone; never, without one.")
    ] = None


class GrantShown(BaseModel):
    """A grant."""

    model_config = ConfigDict(json_schema_extra={"example": _GRANT})

    id: Annotated[str, Field(description="Names it among the grants of its topic or project.")]
    namespace: str
    topic: Annotated[str, Field(description="Without its namespace; `*` is the whole project.")]
    right: Right
    kind: GranteeKind
    to: Annotated[str, Field(description="UUID of the identity or group: what it is stored by.")]
    name: Annotated[str | None, Field(description="What that was called when the grant was given.")]
    until: Moment | None
    by: Annotated[str, Field(description="Subject of whoever gave it.")]
    created: Moment

    @classmethod
    def of(cls, grant: Grant) -> GrantShown:
        """A grant as replies show it."""
        return cls(
            id=grant.id,
            namespace=grant.namespace,
            topic=grant.topic,
            right=grant.right,
            kind=grant.grantee.kind,
            to=grant.grantee.id,
            name=grant.shown_as,
            until=grant.until,
            by=grant.by,
            created=grant.created,
        )


class GrantReply(BaseModel):
    """The grant is there."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "ada@example.org has read on topic measurements in ns-3f2a5c1b9e44"
                " until 2027-03-31T22:00:00Z",
                "grant": _GRANT,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    grant: GrantShown


class GrantsReply(BaseModel):
    """Grants, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"status": "success", "message": "Found 1 grants", "grants": [_GRANT], "next": None}
        }
    )

    status: Literal["success"] = "success"
    message: str
    grants: list[GrantShown]
    next: Next


class GrantTakenReply(BaseModel):
    """The grant is there no more."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "success", "message": f"Grant {_GRANT_ID} revoked"}}
    )

    status: Literal["success"] = "success"
    message: str


class ReasonShown(BaseModel):
    """One way in which somebody comes to a right."""

    identity: Annotated[
        str | None,
        Field(description="UUID of whoever can, and with it identities linked to it; null for a group."),
    ]
    name: Annotated[
        str | None,
        Field(description="User name, if Globus Auth tells it now; a group's, when the grant was given."),
    ]
    right: Right
    why: Why
    until: Moment | None
    through_group: Annotated[str | None, Field(description="UUID of the group whose members can.")]
    members: Annotated[int | None, Field(description="How many there are in that group.")]
    grant: Annotated[str | None, Field(description="Id of the grant; none for a personal namespace's owner.")]
    on: Annotated[str | None, Field(description="What the grant is on: the topic, or `*`.")]

    @classmethod
    def of(cls, reason: Reason, names: Mapping[str, str]) -> ReasonShown:
        """A reason as replies show it.

        Args:
            names: of identities, as far as they are known.
        """
        group_name = reason.grant.shown_as if reason.grant else None
        return cls(
            identity=reason.identity,
            name=group_name if reason.identity is None else names.get(reason.identity),
            right=reason.right,
            why=reason.why,
            until=reason.until,
            through_group=reason.through_group,
            members=reason.members,
            grant=reason.grant.id if reason.grant else None,
            on=reason.grant.topic if reason.grant else None,
        )


class AccessReply(BaseModel):
    """Everybody and every group that can do something with a topic, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Found 1 reasons",
                "access": [
                    {
                        "identity": None,
                        "name": "Beamline team",
                        "right": "read",
                        "why": "grant",
                        "until": None,
                        "through_group": "c3a1f0de-1b1c-4b5e-9d7e-6a1f5f0d2c11",
                        "members": 12,
                        "grant": "read-group-c3a1f0de-1b1c-4b5e-9d7e-6a1f5f0d2c11",
                        "on": "measurements",
                    }
                ],
                "next": None,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    access: list[ReasonShown]
    next: Next


class SharedShown(BaseModel):
    """Something that others let the caller do."""

    namespace: str
    topic: Annotated[str, Field(description="Without its namespace; `*` is the whole project.")]
    right: Right
    until: Moment | None
    by: Annotated[str, Field(description="Subject of whoever gave it.")]
    grant: Annotated[str, Field(description="Id of the grant.")]
    through_group: Annotated[str | None, Field(description="UUID of the group that holds it.")]
    group_name: str | None
    through_identity: Annotated[
        str | None, Field(description="The linked identity that is meant, or that is in the group.")
    ]

    @classmethod
    def of(cls, held: HeldGrant, subject: str) -> SharedShown:
        """A grant as its holder is shown it."""
        grant = held.grant
        return cls(
            namespace=grant.namespace,
            topic=grant.topic,
            right=grant.right,
            until=grant.until,
            by=grant.by,
            grant=grant.id,
            through_group=held.through_group,
            group_name=grant.shown_as if held.through_group else None,
            through_identity=held.identity if held.identity != subject else None,
        )


class SharedReply(BaseModel):
    """What others share with the caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Found 1 grants",
                "shared": [
                    {
                        "namespace": "beamline-7",
                        "topic": "*",
                        "right": "member",
                        "until": None,
                        "by": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                        "grant": "member-user-b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11",
                        "through_group": None,
                        "group_name": None,
                        "through_identity": None,
                    }
                ],
                "next": None,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    shared: list[SharedShown]
    next: Next


def grants_reply(grants: list[Grant], limit: int, after: str | None) -> GrantsReply:
    """A page of grants on one thing."""
    some = page(grants, lambda grant: grant.id, limit, after)
    shown = [GrantShown.of(grant) for grant in some.entries]
    return GrantsReply(message=f"Found {len(shown)} grants", grants=shown, next=some.next)


def given_reply(given: Given, what: str) -> GrantReply:
    """A grant is there.

    Args:
        what: it is on, for people to read.
    """
    grant = given.grant
    until = f" until {shown(grant.until)}" if grant.until else ""
    name = grant.shown_as or grant.grantee.id
    follow = "; it has many members, who follow within seconds" if given.members_follow else ""
    return GrantReply(
        message=f"{name} has {grant.right} on {what}{until}{follow}", grant=GrantShown.of(grant)
    )


def taken_reply(grant_id: str, taken: Grant | None) -> GrantTakenReply:
    """A grant is there no more."""
    return GrantTakenReply(message=f"Grant {grant_id} {'revoked' if taken else 'not found'}")
