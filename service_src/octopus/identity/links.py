"""Which identities Globus Auth has linked to one another, as of each person's last visit.

Kafka's policies are made of the grants of all identities of a person, and Kafka asks no Globus token: so what
introspection said last is kept here, and counts until the person is here again. Of somebody without an
account, who has no policy, nothing is kept.

Rows of the registry (pk / sk):
    ``SUBJECT#<subject>`` / ``IDENTITIES``: linked (SS, without the subject itself; left out when empty),
        username (S), email (S), seen (S, ISO-8601 UTC).
    ``IDENTITY#<identity>`` / ``SUBJECT#<subject>``: for each linked one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from octopus.access.models import user
from octopus.access.refresh import Refreshes
from octopus.accounts.models import State
from octopus.audit.events import Event
from octopus.audit.trail import Trail
from octopus.identity.models import Caller
from octopus.registry.reading import read_rows
from octopus.registry.transactions import ConditionFailedError, write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_SEEN_AGAIN = timedelta(days=1)
"""How old the time of the last visit may be."""

_log = structlog.get_logger(__name__)


class IdentityLinks:
    """Keeps the registry in line with what introspection says."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        refreshes: Refreshes,
        trail: Trail,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._table = table
        self._refreshes = refreshes
        self._trail = trail
        self._clock = clock

    def seen(self, caller: Caller, email: str | None) -> bool:
        """The registry knows the caller's names and linked identities, and no link that is gone.

        When links changed, the caller's policies are written anew, at once or by the background.

        Returns:
            False when the caller has no account: nothing is known then.
        """
        while True:
            keys = [(f"SUBJECT#{caller.subject}", sk) for sk in ("IDENTITIES", "ACCOUNT")]
            rows = read_rows(self._client, self._table, keys)
            row, account = (rows.get(key, {}) for key in keys)
            if account.get("state", {}).get("S", State.DELETING) == State.DELETING:
                return False
            if self._is_known(row, caller, email):
                return True
            before = frozenset(row.get("linked", {}).get("SS", ()))
            try:
                write_together(self._client, self._items(row, before, caller, email))
            except ConditionFailedError:
                continue  # another request was first, or the account goes: what there is now is looked at
            break
        if before != caller.linked:
            _log.info("identity.links_changed", subject=caller.subject, linked=len(caller.linked))
            self._refreshes.now(user(caller.subject))
        return True

    def forget(self, subject: str) -> None:
        """The registry knows nothing of who the subject is, until it is here again."""
        linked = self._row(subject).get("linked", {}).get("SS", ())
        keys = [_key(subject), *(_reverse(identity, subject) for identity in linked)]
        deletions: list[TransactWriteItemTypeDef] = [
            {"Delete": {"TableName": self._table, "Key": key}} for key in keys
        ]
        write_together(self._client, deletions)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _row(self, subject: str) -> dict[str, Any]:
        reply = self._client.get_item(TableName=self._table, Key=_key(subject), ConsistentRead=True)
        return reply.get("Item", {})

    def _has_account(self, subject: str) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": "ACCOUNT"}},
                "ConditionExpression": "attribute_exists(pk) AND #state <> :deleting",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":deleting": {"S": State.DELETING}},
            }
        }

    def _is_known(self, row: Mapping[str, Any], caller: Caller, email: str | None) -> bool:
        return (
            "seen" in row
            and frozenset(row.get("linked", {}).get("SS", ())) == caller.linked
            and row.get("username", {}).get("S") == caller.username
            and row.get("email", {}).get("S") == email
            and self._now() - datetime.fromisoformat(row["seen"]["S"]) < _SEEN_AGAIN
        )

    def _items(
        self, row: Mapping[str, Any], before: frozenset[str], caller: Caller, email: str | None
    ) -> list[TransactWriteItemTypeDef]:
        item: dict[str, Any] = {
            **_key(caller.subject),
            "seen": {"S": self._now().isoformat(timespec="microseconds")},
        }
        if caller.linked:
            item["linked"] = {"SS": sorted(caller.linked)}
        item |= {
            name: {"S": text} for name, text in (("username", caller.username), ("email", email)) if text
        }
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if "seen" in row:
            put["ConditionExpression"] = "seen = :seen"
            put["ExpressionAttributeValues"] = {":seen": row["seen"]}
        else:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        items: list[Any] = [{"Put": put}, self._has_account(caller.subject)]
        for identity in sorted(caller.linked - before):
            items.append({"Put": {"TableName": self._table, "Item": _reverse(identity, caller.subject)}})
        for identity in sorted(before - caller.linked):
            items.append({"Delete": {"TableName": self._table, "Key": _reverse(identity, caller.subject)}})
        if before != caller.linked:
            items.append(self._refreshes.begun(user(caller.subject)))
            items += self._trail.items(
                Event(
                    type="account.identities_changed",
                    actor=caller.subject,
                    subject=caller.subject,
                    data={
                        "linked": sorted(caller.linked - before),
                        "unlinked": sorted(before - caller.linked),
                    },
                )
            )
        return items


def _key(subject: str) -> dict[str, Any]:
    return {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": "IDENTITIES"}}


def _reverse(identity: str, subject: str) -> dict[str, Any]:
    return {"pk": {"S": f"IDENTITY#{identity}"}, "sk": {"S": f"SUBJECT#{subject}"}}
