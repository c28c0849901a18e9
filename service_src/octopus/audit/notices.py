"""Warnings that something is about to end: an event, and mail where the fabric sends any, once each.

Row of the registry: pk ``WARNED#<kind>#<reference>``, sk ``<end, ISO-8601>``: event (S, its id), ttl. Another
end of the same thing is told too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from octopus import aws
from octopus.audit.events import Event
from octopus.audit.mail import letters, welcome
from octopus.audit.trail import Trail, open_trail
from octopus.registry.reading import Key, read_rows
from octopus.registry.transactions import CUT_SHORT, ConditionFailedError, write_together
from octopus.settings import DeployedSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_KEPT = timedelta(days=1)
"""How long after an end it is remembered that it was told."""
_POSTED_AT_ONCE = 80
"""Items of one transaction, of a hundred; the rest are the warning's own. Those of one letter go together."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Something that has an end, and whom to tell."""

    kind: str
    """``key``, ``grant`` or ``project``."""
    reference: str
    """Names it among its kind."""
    created: datetime
    ends: datetime
    event: Event
    """The warning."""
    to: Collection[str] = ()
    """Identities who get a letter."""


class Notices:
    """Decides when somebody is warned of an end, and does it."""

    def __init__(
        self, client: DynamoDBClient, table: str, trail: Trail, *, warning: timedelta, mail: bool
    ) -> None:
        """
        Args:
            client: of the registry's database.
            table: the registry.
            trail: of the same table.
            warning: time before an end at which it is told.
            mail: whether letters are sent, too.
        """
        self._client = client
        self._table = table
        self._trail = trail
        self._warning = warning
        self._mail = mail

    def give(self, endings: Iterable[Ending]) -> int:
        """Warn of those that end soon, of each once; returns of how many.

        One that fails is logged, stops no other, and is tried again with the next call.
        """
        due = {_row(one.kind, one.reference, one.ends): one for one in endings if self.due(one)}
        told = read_rows(self._client, self._table, due)
        return sum(self._attempt(ending) for row, ending in due.items() if row not in told)

    def untold(self, kind: str, ends: Iterable[tuple[str, datetime]]) -> list[tuple[str, datetime]]:
        """Those of the ends, each with what it is the end of, of which nobody was warned."""
        rows = {_row(kind, *end): end for end in ends}
        told = read_rows(self._client, self._table, rows)
        return [end for row, end in rows.items() if row not in told]

    def due(self, ending: Ending) -> bool:
        """Whether it is time: what lives less than twice the warning is told of at half of its life."""
        left = ending.ends - datetime.now(UTC)
        return timedelta() < left <= min(self._warning, (ending.ends - ending.created) / 2)

    def _attempt(self, ending: Ending) -> bool:
        try:
            return self._give(ending)
        except CUT_SHORT as error:
            _log.warning(
                "warning.not_given", kind=ending.kind, reference=ending.reference, reason=type(error).__name__
            )
            return False

    def _give(self, ending: Ending) -> bool:
        pk, sk = _row(ending.kind, ending.reference, ending.ends)
        first: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "pk": {"S": pk},
                    "sk": {"S": sk},
                    "event": {"S": ending.event.id},
                    "ttl": {"N": str(int((ending.ends + _KEPT).timestamp()))},
                },
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        to = welcome(self._client, self._table, ending.to) if self._mail else []
        posted = letters(self._table, ending.event, to, ends=ending.ends)
        try:
            together = [first, *self._trail.items(ending.event), *posted[:_POSTED_AT_ONCE]]
            write_together(self._client, together)
        except ConditionFailedError:
            return False  # another replica was first
        # After the warning: cut short, letters are missing, and none is sent twice.
        for start in range(_POSTED_AT_ONCE, len(posted), _POSTED_AT_ONCE):
            write_together(self._client, posted[start : start + _POSTED_AT_ONCE])
        return True


def open_notices(settings: DeployedSettings) -> Notices:
    """The warnings of one deployment."""
    return Notices(
        aws.dynamodb(),
        settings.registry_table,
        open_trail(settings),
        warning=timedelta(days=settings.warning_days),
        mail=bool(settings.mail_from),
    )


def _row(kind: str, reference: str, ends: datetime) -> Key:
    return f"WARNED#{kind}#{reference}", ends.astimezone(UTC).isoformat(timespec="seconds")
