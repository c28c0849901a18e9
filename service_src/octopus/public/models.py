"""Public records in replies."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PublicHeader(BaseModel):
    """One header of a record; a name may come more than once."""

    name: str
    value: str | None = Field(description="Base64.")


class PublicRecord(BaseModel):
    """One record."""

    offset: int
    timestamp: int | None = Field(description="Milliseconds since the epoch.")
    key: str | None = Field(description="Base64.")
    value: str | None = Field(description="Base64; null for a deletion in a compacted topic.")
    headers: list[PublicHeader]
    left_out: int | None = Field(
        default=None, description="Bytes of a record that is too large for a reply: it has no content here."
    )


class PublicRecordsReply(BaseModel):
    """Records of one partition, in order. Ask again with ``offset=<next_offset>`` for those that follow."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "1 record of lab-a.measurements",
                "topic": "lab-a.measurements",
                "topic_id": "yC2kBkZrQ4y0uYw9J8b0Gg",
                "partition": 0,
                "earliest": 0,
                "latest": 43,
                "next_offset": 43,
                "records": [
                    {
                        "offset": 42,
                        "timestamp": 1795348800000,
                        "key": "c2Vuc29yLTE=",
                        "value": "eyJ0IjogMjEuNX0=",
                        "headers": [{"name": "unit", "value": "Y2Vsc2l1cw=="}],
                    }
                ],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    topic: str
    topic_id: str | None = Field(
        description="Another one than before: the topic was made anew, and its offsets began again."
    )
    partition: int
    earliest: int = Field(description="Offset of the first record that there is.")
    latest: int = Field(description="Offset of the next record that will come.")
    next_offset: int
    records: list[PublicRecord]
