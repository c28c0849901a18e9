"""What a topic is about, for people who look for one: kept in the registry alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_PRINTABLE = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
"""Line breaks and tabs are as good as any character; other control characters are not."""

Description = Annotated[
    str,
    StringConstraints(max_length=500, pattern=_PRINTABLE),
    Field(description="What the records are, at most 500 characters."),
]
Tags = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._:-]{0,39}$")], ...],
    Field(
        max_length=10, description="At most 10, each up to 40 lower-case letters, digits, `.`, `_`, `:`, `-`."
    ),
]
Contact = Annotated[
    str,
    StringConstraints(max_length=200, pattern=_PRINTABLE),
    Field(description="Whom to ask, at most 200 characters."),
]
Licence = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9.+() -]*$"),
    Field(description="An SPDX expression, such as `CC-BY-4.0`."),
]
Listed = Annotated[
    bool, Field(description="Everybody finds the topic and reads what it is about; its records stay closed.")
]
Public = Annotated[bool, Field(description="Everybody reads the records, without logging in, over HTTPS.")]


class About(BaseModel):
    """What people are told of a topic, and how far it is open to them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: Description = ""
    tags: Tags = ()
    contact: Contact = ""
    licence: Licence = ""
    listed: Listed = False
    public: Public = False


OPENING = frozenset({"listed", "public"})
"""What opens a topic to others: a matter of sharing, not of configuration."""
