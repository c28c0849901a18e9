"""What routes of topics take and give."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


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
