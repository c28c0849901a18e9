"""What an account is, inside and in replies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class State(StrEnum):
    """Where an account is in its life; what a crash left half-done is completed in the background."""

    CREATING = "creating"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETING = "deleting"
    ENDED = "ended"
    """Of a project's namespace alone: nothing is left of it, and its name is never used again."""


@dataclass(frozen=True)
class Account:
    """An account as the registry holds it."""

    subject: str
    state: State
    namespaces: frozenset[str]
    """Empty when they went to another account."""
    since: str | None = None
    """When it came into its state; ISO-8601, UTC."""
    reason: str | None = None
    """Why it is suspended, in the operator's words, which its owner reads too."""
    withdrawn: float | None = None
    """When the last right and key of an account that is being deleted were gone; s since epoch."""
    moved_to: str | None = None
    """Subject to whom everything went, of an account that is being deleted because its person moved."""
    deleted_by: str | None = None
    """Who had it deleted, for the audit of what is taken behind the call; None for the subject itself."""


class UserReply(BaseModel):
    """The caller has an account."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "User 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44 created with namespace ns-3f2a5c1b9e44",
                "subject": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                "namespace": "ns-3f2a5c1b9e44",
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    subject: str
    namespace: str


class UserDeletedReply(BaseModel):
    """The caller has no account any more."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "User 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44 deleted",
            }
        }
    )

    status: Literal["success"] = "success"
    message: str


class NamespacesReply(BaseModel):
    """The caller's namespaces, each with its topics in order of name."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Found 1 namespaces for 7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                "namespaces": {"ns-3f2a5c1b9e44": ["measurements", "telemetry"]},
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    namespaces: dict[str, list[str]]
