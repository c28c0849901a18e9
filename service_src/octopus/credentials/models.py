"""What a credential is, inside and in replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """Whose key it is; the judge treats platform principals without a permissions boundary's layer."""

    IAM_USER = "iam-user"
    PLATFORM = "platform"


@dataclass(frozen=True)
class StoredKey:
    """A key as the credentials table holds it; its secret is still encrypted."""

    access_key_id: str
    subject: str
    user_name: str
    kind: Kind
    active: bool
    secret: bytes = field(repr=False)
    created: str
    """ISO-8601, UTC."""
    label: str | None = None
    expires: str | None = None
    """ISO-8601, UTC; None for a key that lives until it is deleted."""


@dataclass(frozen=True)
class UsableKey:
    """A key in the hands of its owner."""

    access_key_id: str
    secret: str = field(repr=False)
    created: str
    fresh: bool
    """Made by this call: IAM on AWS may need some seconds until it is known everywhere."""


class KeyReply(BaseModel):
    """The caller's key. The secret is in this reply only; keep it as you keep a password."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Access key created for 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                "access_key": "AKIAIOSFODNN7EXAMPLE",
                "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "create_date": "2026-11-22T04:50:31+00:00",
                "endpoint": "broker.example.org:9098",
                "fresh": True,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    access_key: str
    secret_key: str
    create_date: str
    endpoint: str
    """Bootstrap servers, comma-separated ``host:port``."""
    fresh: bool


class KeyDeletedReply(BaseModel):
    """The caller has no key any more."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Access key deleted for 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
            }
        }
    )

    status: Literal["success"] = "success"
    message: str


class KeySummary(BaseModel):
    """A key without its secret."""

    access_key: str
    kind: Kind
    state: Literal["active", "inactive"]
    create_date: str


class KeysReply(BaseModel):
    """The caller's keys, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Found 1 keys for 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                "keys": [
                    {
                        "access_key": "AKIAIOSFODNN7EXAMPLE",
                        "kind": "iam-user",
                        "state": "active",
                        "create_date": "2026-11-22T04:50:31+00:00",
                    }
                ],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    keys: list[KeySummary]
