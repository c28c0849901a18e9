"""HTTP of the catalogue: ``/search``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from octopus.catalogue.replies import SearchReply
from octopus.catalogue.service import Catalogue
from octopus.web.authentication import OwnAccount, TokenCaller
from octopus.web.errors import DOCUMENTED
from octopus.web.parameters import After, Limit

router = APIRouter(prefix="/api/v3", tags=["Catalogue"], responses=DOCUMENTED)


def _catalogue(request: Request) -> Catalogue:
    found: Catalogue = request.app.state.catalogue
    return found


@router.get("/search", summary="Find topics")
def search(
    caller: TokenCaller,
    account: OwnAccount,
    catalogue: Annotated[Catalogue, Depends(_catalogue)],
    q: Annotated[
        str,
        Query(
            max_length=200,
            description="Words that all are in name, project, tags, contact or description. Three characters "
            "or more stand for every word that begins so.",
            examples=["clean temp"],
        ),
    ] = "",
    tag: Annotated[str | None, Query(max_length=40, description="One of its tags, whole.")] = None,
    namespace: Annotated[
        str | None,
        Query(max_length=32, description="Only topics of this one: all, if nothing else is named."),
    ] = None,
    limit: Limit = 100,
    after: After = None,
) -> SearchReply:
    """Topics that you have a right on, and those that their owners list, in order of name."""
    own = account.namespaces if account else frozenset[str]()
    page = catalogue.search(caller, q, own=own, tag=tag, namespace=namespace, limit=limit, after=after)
    return SearchReply.of(page)
