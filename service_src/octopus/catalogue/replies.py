"""What a search replies."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from octopus.catalogue.models import Found
from octopus.pages import Next, Page
from octopus.topics.about import About


class FoundShown(BaseModel):
    """One topic."""

    name: Annotated[str, Field(description="`<namespace>.<topic>`, as Kafka clients call it.")]
    about: About
    mine: Annotated[bool, Field(description="Whether you have a right on it; else it is only listed.")]


class SearchReply(BaseModel):
    """Topics in order of name."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Found 1 topics",
                "topics": [
                    {
                        "name": "lab-a.cleanroom",
                        "about": {
                            "description": "Temperature and humidity, one record a second",
                            "tags": ["cleanroom", "telemetry"],
                            "contact": "ops@lab.example",
                            "licence": "CC-BY-4.0",
                            "listed": True,
                            "public": False,
                        },
                        "mine": False,
                    }
                ],
                "next": None,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    topics: list[FoundShown]
    next: Next

    @classmethod
    def of(cls, page: Page[Found]) -> Self:
        """What is to be said of a page."""
        return cls(
            message=f"Found {len(page.entries)} topics",
            topics=[FoundShown(name=one.name, about=one.about, mine=one.mine) for one in page.entries],
            next=page.next,
        )
