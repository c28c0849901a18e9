"""HTTP of the audit: ``/audit``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from octopus.audit.models import AuditReply
from octopus.audit.reading import Query as AuditQuery
from octopus.audit.service import Audit
from octopus.errors import InvalidError
from octopus.web.authentication import TokenCaller
from octopus.web.errors import DOCUMENTED

router = APIRouter(prefix="/api/v3", tags=["Audit"], responses=DOCUMENTED)

_STAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}#[ -~]{1,100}$"


def _audit(request: Request) -> Audit:
    found: Audit = request.app.state.audit
    return found


def _query(
    since: Annotated[datetime | None, Query(description="No older events than this.")] = None,
    until: Annotated[datetime | None, Query(description="Only events before this.")] = None,
    type_: Annotated[
        str | None,
        Query(
            alias="type",
            pattern=r"^[a-z]{1,20}(\.[a-z_]{1,40})?$",
            description="`topic.created`, say, or `topic` for all that happens to topics.",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most events of one reply.")] = 100,
    after: Annotated[
        str | None, Query(pattern=_STAMP, description="`next` of the reply before, for older events.")
    ] = None,
) -> AuditQuery:
    return AuditQuery(since=_utc(since), until=_utc(until), type=type_, limit=limit, after=after)


@router.get("/audit", summary="Read what happened")
def read_audit(
    caller: TokenCaller,
    audit: Annotated[Audit, Depends(_audit)],
    query: Annotated[AuditQuery, Depends(_query)],
    namespace: Annotated[
        str | None, Query(description="What happened in a namespace of which you manage something.")
    ] = None,
    topic: Annotated[str | None, Query(description="Of that namespace, this topic alone.")] = None,
) -> AuditReply:
    """What was changed by whom, and what Kafka refused to whom; newest first.

    With a namespace, what happened to those of its topics that you manage; without one, what concerns you.
    A reply may be short, or empty, and have more behind it: go on while `next` is not null.
    """
    if namespace is not None:
        return AuditReply.of(audit.of_namespace(caller, namespace, topic, query))
    if topic is not None:
        raise InvalidError(f"topic: must come with the namespace that it is in, received {topic[:64]!r}")
    return AuditReply.of(audit.of_caller(caller, query))


def _utc(moment: datetime | None) -> datetime | None:
    """A time that names no zone is in UTC."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
