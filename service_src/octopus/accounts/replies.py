"""What the routes below ``/account`` take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from octopus.accounts.emptying import Contents
from octopus.accounts.models import State
from octopus.accounts.overview import DeletionPlan, Overview
from octopus.sharing.replies import GrantShown, SharedShown
from octopus.times import Moment

_CONTENTS: dict[str, JsonValue] = {
    "topics": ["measurements", "telemetry"],
    "groups": ["ns-3f2a5c1b9e44.readers"],
    "grants": [],
}
_SHARED: dict[str, JsonValue] = {
    "namespace": "beamline-7",
    "topic": "*",
    "right": "member",
    "until": None,
    "by": "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11",
    "grant": "member-user-7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
    "through_group": None,
    "group_name": None,
    "through_identity": None,
}


class Linked(BaseModel):
    """An identity that Globus Auth has linked to the caller's."""

    id: str
    name: Annotated[str | None, Field(description="User name, where Globus Auth tells it.")]


class AccountUse(BaseModel):
    """How much there is; limits stand at `/quota`."""

    topics: int
    keys: int
    sessions: int


class AccountReply(BaseModel):
    """The caller's account, and what he has by it and by others."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "User 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44 is active",
                "subject": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                "name": "ada@example.org",
                "state": "active",
                "since": "2026-11-22T04:50:31Z",
                "namespaces": {"ns-3f2a5c1b9e44": ["measurements", "telemetry"]},
                "linked": [{"id": "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11", "name": "ada@uni.example"}],
                "memberships": [_SHARED],
                "grants": [],
                "use": {"topics": 2, "keys": 1, "sessions": 0},
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    subject: str
    name: str | None
    state: Annotated[State | None, Field(description="None before there is an account.")]
    since: Moment | None
    namespaces: dict[str, list[str]]
    linked: list[Linked]
    memberships: Annotated[list[SharedShown], Field(description="In projects.")]
    grants: Annotated[list[SharedShown], Field(description="What else others let the caller do.")]
    use: AccountUse

    @classmethod
    def of(cls, seen: Overview, subject: str, name: str | None) -> AccountReply:
        """An account as its owner is shown it."""
        state = seen.account.state if seen.account else None
        return cls(
            message=f"User {subject} is {state}" if state else f"User {subject} has no account yet",
            subject=subject,
            name=name,
            state=state,
            since=_moment(seen.account.since) if seen.account else None,
            namespaces=dict(seen.namespaces),
            linked=[Linked(id=identity, name=shown) for identity, shown in seen.linked.items()],
            memberships=[SharedShown.of(held, subject) for held in seen.memberships],
            grants=[SharedShown.of(held, subject) for held in seen.grants],
            use=AccountUse(
                topics=sum(map(len, seen.namespaces.values())), keys=seen.keys, sessions=seen.sessions
            ),
        )


class ContentsShown(BaseModel):
    """What a namespace holds. Transactional ids expire at the brokers by themselves."""

    model_config = ConfigDict(json_schema_extra={"example": _CONTENTS})

    topics: Annotated[list[str], Field(description="With all their records.")]
    groups: Annotated[list[str], Field(description="Consumer groups, under the names that Kafka has.")]
    grants: Annotated[list[GrantShown], Field(description="That others have on the namespace or a topic.")]

    @classmethod
    def of(cls, contents: Contents) -> ContentsShown:
        """As replies show it."""
        return cls(
            topics=sorted(contents.topics),
            groups=list(contents.groups),
            grants=[GrantShown.of(grant) for grant in contents.grants],
        )


class AccountPlan(BaseModel):
    """What the deletion of the account takes away."""

    namespaces: dict[str, ContentsShown]
    keys: int
    sessions: int
    received: Annotated[int, Field(description="Grants and memberships that name the caller himself.")]
    hindrances: Annotated[list[str], Field(description="Why it is refused; empty when it is not.")]

    @classmethod
    def of(cls, plan: DeletionPlan) -> AccountPlan:
        """As replies show it."""
        return cls(
            namespaces={name: ContentsShown.of(held) for name, held in plan.contents.items()},
            keys=plan.keys,
            sessions=plan.sessions,
            received=plan.received,
            hindrances=list(plan.hindrances),
        )


class AccountDeletedReply(BaseModel):
    """The caller has no account any more; on a dry run, what that would take away."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "User 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44 would be deleted",
                "dry_run": True,
                "plan": {
                    "namespaces": {"ns-3f2a5c1b9e44": _CONTENTS},
                    "keys": 1,
                    "sessions": 0,
                    "received": 1,
                    "hindrances": [],
                },
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    dry_run: bool
    plan: Annotated[AccountPlan | None, Field(description="On a dry run.")] = None


class NamespaceWipedReply(BaseModel):
    """What was there of the namespace is gone; on a dry run, what would be."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Namespace ns-3f2a5c1b9e44 wiped: 2 topics, 1 consumer groups, 0 grants",
                "dry_run": False,
                "namespace": "ns-3f2a5c1b9e44",
                "contents": _CONTENTS,
                "groups_in_use": [],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    dry_run: bool
    namespace: str
    contents: ContentsShown
    groups_in_use: Annotated[
        list[str], Field(description="Left, because consumers are in them: stop those and wipe again.")
    ] = []


class NamespaceDeletedReply(BaseModel):
    """The namespace is nobody's; on a dry run, what that would take away."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Namespace ns-3f2a5c1b9e44 deleted",
                "dry_run": False,
                "namespace": "ns-3f2a5c1b9e44",
                "contents": None,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    dry_run: bool
    namespace: str
    contents: Annotated[ContentsShown | None, Field(description="On a dry run.")] = None


class Move(BaseModel):
    """Proof that the caller is the other identity too."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"token": "AgE2…"}})

    token: Annotated[
        SecretStr,
        Field(description="Access token of Globus Auth for this service's scope, of the old identity."),
    ]


class AccountMovedReply(BaseModel):
    """Everything of the old identity is the caller's."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "All of b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11 is yours: ask for a key of your own",
                "moved_from": "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11",
                "subject": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                "namespaces": ["ns-0f5d5b0c7d11", "ns-3f2a5c1b9e44"],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    moved_from: str
    subject: str
    namespaces: list[str]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
