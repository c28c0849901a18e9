"""Parameters of routes about grants, on topics and on projects."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request

from octopus.sharing.grantees import Named
from octopus.sharing.service import Sharing


def _sharing(request: Request) -> Sharing:
    found: Sharing = request.app.state.sharing
    return found


SharingOfFabric = Annotated[Sharing, Depends(_sharing)]
GrantId = Annotated[
    str,
    Path(
        max_length=60,
        description="As lists and replies have it.",
        examples=["read-user-b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"],
    ),
]


def _named(
    who: Annotated[
        str | None, Query(max_length=300, description="Only those of this person: name, e-mail, UUID.")
    ] = None,
    group: Annotated[UUID | None, Query(description="Only those of this Globus group.")] = None,
) -> Named | None:
    if who is None and group is None:
        return None
    return Named(who=who, group=None if group is None else str(group))


OfGrantee = Annotated[Named | None, Depends(_named)]
