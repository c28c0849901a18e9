"""What the routes of keys take and answer."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from octopus.credentials.models import Kind

_SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
_ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
_ANOTHER = "AKIAI44QH8DHBEXAMPLE"
_SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105
_CREATED = "2026-11-22T04:50:31.201+00:00"
_KEY: dict[str, JsonValue] = {
    "status": "success",
    "message": f"Access key created for {_SUBJECT}",
    "access_key": _ACCESS_KEY,
    "secret_key": _SECRET_KEY,
    "create_date": _CREATED,
    "endpoint": "broker.example.org:9098",
    "fresh": True,
    "usable_after": None,
}
_TOPIC = re.compile(r"[A-Za-z0-9_-]{3,32}\.(?:\*|[A-Za-z0-9._-]{1,215})", re.ASCII)
"""A Kafka name has 249 characters at most."""


def _check_label(label: str) -> str:
    if not 1 <= len(label) <= 64 or not label.isprintable() or label != label.strip():
        raise PydanticCustomError("label", "must be 1 to 64 printable characters, with no space at an end")
    return label


Label = Annotated[
    str, AfterValidator(_check_label), Field(description="Your name for it: 1 to 64 printable characters.")
]


class NewKey(BaseModel):
    """What a further key is to be."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"label": "beamline 7", "expires_days": 30}}
    )

    label: Label | None = None
    expires_days: Annotated[int, Field(strict=True, ge=1, le=3650)] | None = None
    """Days from now until the key ends by itself; without it, the key lives until it is deleted."""


class KeyRotation(BaseModel):
    """How a key is put in the place of another."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"overlap_hours": 24}})

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=168)] = 24
    """Hours from now until the old key ends; 0 ends it at once."""


class KeyLabel(BaseModel):
    """What a key is to be called."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"label": "beamline 7"}})

    label: Label


def _check_topic(name: str) -> str:
    if not _TOPIC.fullmatch(name):
        raise PydanticCustomError(
            "topic", "must be <namespace>.<topic>, or <namespace>.* for all of a namespace"
        )
    return name


class NewSession(BaseModel):
    """What a session is to be for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "topics": ["ns-3f2a5c1b9e44.measurements"],
                "actions": ["read"],
                "duration_seconds": 3600,
                "label": "night shift",
            }
        },
    )

    topics: Annotated[list[Annotated[str, AfterValidator(_check_topic)]], Field(min_length=1, max_length=100)]
    """Names as Kafka has them, ``<namespace>.<topic>``, or ``<namespace>.*``: in your own namespaces."""
    actions: Annotated[list[Literal["read", "write"]], Field(min_length=1, max_length=2)]
    """What it may do there; to read is to use the namespaces' groups, to write their transactional ids."""
    duration_seconds: Annotated[int, Field(strict=True, ge=900, le=3600)] | None = None
    """Without it, as long as this deployment lets a session live: an hour at most."""
    label: Label | None = None


class SessionReply(BaseModel):
    """A session. Its secrets are in this reply only; all three sign together."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": f"Session opened for {_SUBJECT}",
                "access_key": "ASIAIOSFODNN7EXAMPLE",
                "secret_key": _SECRET_KEY,
                "session_token": "IQoJb3JpZ2luX2VjEXAMPLETOKEN",
                "expiration": "2026-11-22T06:10:02+00:00",
                "endpoint": "broker.example.org:9098",
                "region": "us-east-1",
                "topics": ["ns-3f2a5c1b9e44.measurements"],
                "actions": ["read"],
                "label": "night shift",
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    access_key: str
    secret_key: str
    session_token: str
    expiration: str
    endpoint: str
    """Bootstrap servers, comma-separated ``host:port``."""
    region: str
    """AWS region to sign for."""
    topics: list[str]
    actions: list[Literal["read", "write"]]
    label: str | None


class KeyReply(BaseModel):
    """The caller's key. Keep the secret as you keep a password."""

    model_config = ConfigDict(json_schema_extra={"example": _KEY})

    status: Literal["success"] = "success"
    message: str
    access_key: str
    secret_key: str
    create_date: str
    endpoint: str
    """Bootstrap servers, comma-separated ``host:port``."""
    fresh: bool
    usable_after: str | None = None
    """Of a new key on Amazon MSK: from when on the brokers should take it. Null: they take it already."""


class NewKeyReply(KeyReply):
    """A further key. Its secret is in this reply only."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_KEY,
                "label": "beamline 7",
                "expires": "2026-12-22T04:50:31+00:00",
            }
        }
    )

    label: str | None
    expires: str | None
    """When it ends by itself; null: it lives until it is deleted."""


class RotatedKeyReply(NewKeyReply):
    """The key that took the place of another."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_KEY,
                "message": f"Access key {_ACCESS_KEY} replaced for {_SUBJECT}",
                "access_key": _ANOTHER,
                "label": "beamline 7",
                "expires": None,
                "replaced": _ACCESS_KEY,
                "replaced_expires": "2026-11-23T04:50:31+00:00",
            }
        }
    )

    replaced: str
    """The other's access key id."""
    replaced_expires: str | None
    """Until when the other works; null: it does not any more."""


class DoneReply(BaseModel):
    """It is done."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "success", "message": f"Access key deleted for {_SUBJECT}"}}
    )

    status: Literal["success"] = "success"
    message: str


class KeySummary(BaseModel):
    """A key or session without its secret."""

    access_key: str
    label: str | None
    kind: Kind
    state: Literal["active", "inactive", "suspended", "expired"]
    create_date: str
    expires: str | None
    last_used: str | None
    """When it last let somebody in, at most five minutes behind; null: never."""
    replaced_by: str | None
    """The key that took its place; this one works beside it until it expires."""
    topics: list[str] | None
    """Of a session: the topics that it is limited to; null: all that you may use."""
    actions: list[Literal["read", "write"]] | None
    """Of a session: what it may do there; null: all that you may."""


class KeysReply(BaseModel):
    """The caller's keys and sessions, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": f"Found 2 keys for {_SUBJECT}",
                "keys": [
                    {
                        "access_key": "ASIAIOSFODNN7EXAMPLE",
                        "label": "night shift",
                        "kind": "session",
                        "state": "active",
                        "create_date": "2026-11-22T05:10:02.044+00:00",
                        "expires": "2026-11-22T06:10:02+00:00",
                        "last_used": None,
                        "replaced_by": None,
                        "topics": ["ns-3f2a5c1b9e44.measurements"],
                        "actions": ["read"],
                    },
                    {
                        "access_key": _ACCESS_KEY,
                        "label": None,
                        "kind": "iam-user",
                        "state": "active",
                        "create_date": _CREATED,
                        "expires": None,
                        "last_used": "2026-11-22T05:08:40+00:00",
                        "replaced_by": None,
                        "topics": None,
                        "actions": None,
                    },
                ],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    keys: list[KeySummary]
