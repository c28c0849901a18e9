"""HTTP of public records: no token, and no hint of what else there is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from octopus.public.models import PublicRecordsReply
from octopus.public.service import EARLIEST, PublicRecords
from octopus.web.errors import DOCUMENTED, documented

_ERRORS: dict[int | str, dict[str, Any]] = {
    404: documented("No such topic, or not a public one.", 404, "Not Found"),
    **{status: reply for status, reply in DOCUMENTED.items() if status in (422, 429, 500, 503)},
}

router = APIRouter(prefix="/api/v3/public", tags=["Public"], responses=_ERRORS)


@router.get(
    "/{namespace}/{topic}/records",
    summary="Read a public topic's records",
    response_model=PublicRecordsReply,
    response_model_exclude_defaults=False,
)
def read_public_records(
    request: Request,
    response: Response,
    namespace: Annotated[str, Path(description="Of the topic.", examples=["lab-a"])],
    topic: Annotated[str, Path(description="Without its namespace.", examples=["measurements"])],
    partition: Annotated[int, Query(ge=0, le=2**31 - 1, description="Of the topic; the first is 0.")] = 0,
    offset: Annotated[
        str,
        Query(
            description="Of the first record wanted, `earliest` or `latest`. Before the log's beginning: its "
            "first record; behind its end: the record that comes next."
        ),
    ] = EARLIEST,
    limit: Annotated[int, Query(ge=1, le=500, description="The most records wanted.")] = 100,
) -> PublicRecordsReply:
    """Records of one partition, in order, without a token. A reply holds about a megabyte at most; the next
    one begins at `next_offset`. Everybody together may ask a few times a second."""
    public: PublicRecords = request.app.state.public
    # The records are everybody's: any page may read them.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return public.read(namespace, topic, partition=partition, offset=offset, limit=limit)
