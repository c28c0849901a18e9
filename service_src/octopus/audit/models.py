"""The audit in replies."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from octopus.audit.events import Event, Value
from octopus.pages import Next, Page
from octopus.times import Moment


class AuditEvent(BaseModel):
    """Something that happened."""

    id: str
    type: str
    time: Moment
    actor: str = Field(description="Identity (UUID) of whoever did it, `operator` or `fabric`.")
    subject: str | None = Field(description="The person whom it concerns.")
    namespace: str | None
    topic: str | None
    data: dict[str, Value]

    @classmethod
    def of(cls, event: Event) -> AuditEvent:
        """The event as replies have it."""
        return cls(**{**vars(event), "data": dict(event.data)})


class AuditReply(BaseModel):
    """Events, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Found 1 events",
                "events": [
                    {
                        "id": "6f1d5ad3d6f04a46a9f1f4d9a4f3c0de",
                        "type": "grant.given",
                        "time": "2026-11-22T11:35:02Z",
                        "actor": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
                        "subject": "0f3f6b1e-8a55-4d0c-93b8-8e9a4c1f2d77",
                        "namespace": "ns-3f2a5c1b9e44",
                        "topic": "measurements",
                        "data": {"right": "read", "until": None},
                    }
                ],
                "next": None,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    events: list[AuditEvent]
    next: Next

    @classmethod
    def of(cls, page: Page[Event]) -> AuditReply:
        """The page as a reply."""
        events = [AuditEvent.of(event) for event in page.entries]
        return cls(message=f"Found {len(events)} events", events=events, next=page.next)
