"""Accounts and namespaces in the registry.

Rows (pk / sk):
    ``SUBJECT#<subject>`` / ``ACCOUNT``: state, since, namespaces (set), created; reason while suspended;
        deleted_by (S) of one that is being deleted; withdrawn (N, s since epoch) once its rights are gone;
        moved_to, in place of the namespaces, of one whose person moved to another.
    ``NAMESPACE#<namespace>`` / ``NAMESPACE``: owner, state, created. Its topics are rows of the same
        partition (`octopus.topics.store`).
    ``ACCOUNTS`` / ``<subject>``: of each account, in whatever state it is, so that all are found in one
        partition. ``LISTED`` / ``ACCOUNTS`` once that holds for accounts of before there were such rows.
    ``PENDING#account`` / ``<subject>``: while it is being changed (`octopus.registry.pending`).
An account and its namespaces are written in one transaction and have the same state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.accounts.models import Account, State
from octopus.registry.leases import Lease
from octopus.registry.pending import Pending
from octopus.registry.reading import rows_of
from octopus.registry.transactions import ConditionFailedError, write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


_ACCOUNTS = "ACCOUNTS"


class NamespaceTakenError(Exception):
    """The namespace belongs to another subject."""


class AccountStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self.pending = Pending(client, table, "account", clock=clock)

    def read(self, subject: str) -> Account | None:
        """The account, in whatever state it is."""
        reply = self._client.get_item(TableName=self._table, Key=_account_row(subject), ConsistentRead=True)
        item = reply.get("Item")
        if item is None:
            return None
        return Account(
            subject,
            State(item["state"]["S"]),
            frozenset(item["namespaces"]["SS"]) if "namespaces" in item else frozenset(),
            since=item["since"]["S"] if "since" in item else None,
            reason=item["reason"]["S"] if "reason" in item else None,
            withdrawn=float(item["withdrawn"]["N"]) if "withdrawn" in item else None,
            moved_to=item["moved_to"]["S"] if "moved_to" in item else None,
            deleted_by=item["deleted_by"]["S"] if "deleted_by" in item else None,
        )

    def subjects(self) -> Iterator[str]:
        """Every subject that has an account, in order."""
        for row in rows_of(self._client, self._table, _ACCOUNTS):
            yield row["sk"]["S"]

    def list_older(self) -> None:
        """`subjects` finds accounts of before they were listed, too: reads the whole table, once for ever.

        The web service must not run meanwhile, and may not read it so.
        """
        done = {"pk": {"S": "LISTED"}, "sk": {"S": _ACCOUNTS}}
        if "Item" in self._client.get_item(TableName=self._table, Key=done, ConsistentRead=True):
            return
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            FilterExpression="sk = :account",
            ExpressionAttributeValues={":account": {"S": "ACCOUNT"}},
        )
        for page in pages:
            for item in page["Items"]:
                row = _listed_row(item["pk"]["S"].removeprefix("SUBJECT#"))
                self._client.put_item(TableName=self._table, Item=row)
        self._client.put_item(TableName=self._table, Item=done)

    def while_active(self, subject: str) -> TransactWriteItemTypeDef:
        """Item that makes a transaction fail unless the account is active at that moment."""
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _account_row(subject),
                "ConditionExpression": "#state = :active",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":active": {"S": State.ACTIVE}},
            }
        }

    def claim(self, subject: str, namespace: str, lease: Lease) -> Account:
        """Write down the account and its namespace, both ``creating``.

        Raises:
            NamespaceTakenError: nothing was written.
        """
        now = {"S": self._now()}
        account: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_account_row(subject),
                    "state": {"S": State.CREATING},
                    "namespaces": {"SS": [namespace]},
                    "created": now,
                    "since": now,
                },
            }
        }
        claim: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_namespace_row(namespace),
                    "owner": {"S": subject},
                    "state": {"S": State.CREATING},
                    "created": now,
                },
                "ConditionExpression": "attribute_not_exists(pk) OR #owner = :subject",
                "ExpressionAttributeNames": {"#owner": "owner"},
                "ExpressionAttributeValues": {":subject": {"S": subject}},
            }
        }
        try:
            items = [claim, account, listed(self._table, subject), self.pending.begun(subject), lease.check()]
            write_together(self._client, items)
        except ConditionFailedError as failed:
            if 0 in failed.positions:
                raise NamespaceTakenError(namespace) from None
            raise
        return Account(subject, State.CREATING, frozenset({namespace}), since=now["S"])

    def advance(
        self,
        account: Account,
        state: State,
        lease: Lease,
        change: Sequence[TransactWriteItemTypeDef],
        *,
        reason: str | None = None,
        deleted_by: str | None = None,
    ) -> Account:
        """Put the account and its namespaces into ``state``, with the ``change`` of what hangs on it.

        One that is in it already keeps the time at which it came into it.
        Every state but ``active`` is the beginning of something that is pending until it has ended.
        """
        since = account.since if account.state is state and account.since else self._now()
        told = {"since": since, "reason": reason, "deleted_by": deleted_by}
        values = {f":{name}": {"S": text} for name, text in told.items() if text}
        extra = "".join(f", {name[1:]} = {name}" for name in values) + ("" if reason else " REMOVE reason")
        updates = [
            self._update(_account_row(account.subject), state, extra, values),
            *(self._update(_namespace_row(name), state) for name in sorted(account.namespaces)),
        ]
        ended = state is State.ACTIVE
        pending = self.pending.ended(account.subject) if ended else self.pending.begun(account.subject)
        write_together(self._client, [*updates, pending, lease.check(), *change])
        return replace(account, state=state, since=since, reason=reason, deleted_by=deleted_by)

    def withdrawn(self, account: Account, lease: Lease, *, due_in_s: float) -> Account:
        """Note that an account that is being deleted has no rights and no keys any more.

        Args:
            due_in_s: seconds until the deletion is to go on.
        """
        now = self._clock()
        note: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": _account_row(account.subject),
                "UpdateExpression": "SET withdrawn = :now",
                "ConditionExpression": "#state = :deleting",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":now": {"N": f"{now:.3f}"},
                    ":deleting": {"S": State.DELETING},
                },
            }
        }
        pending = self.pending.begun(account.subject, due_in_s=due_in_s)
        write_together(self._client, [note, pending, lease.check()])
        return replace(account, withdrawn=now)

    def begin(self, subject: str, lease: Lease) -> bool:
        """Note that something of the account is being changed, which a crash would leave half-done.

        Returns:
            False when something was pending already: that it is must not be forgotten with this change.
        """
        try:
            write_together(self._client, [self.pending.first(subject), lease.check()])
        except ConditionFailedError as failed:
            if 0 in failed.positions:
                return False
            raise
        return True

    def end(self, subject: str, lease: Lease) -> None:
        """Note that nothing of the account is half-done any more."""
        write_together(self._client, [self.pending.ended(subject), lease.check()])

    def remove(self, account: Account, lease: Lease, change: Sequence[TransactWriteItemTypeDef]) -> None:
        """Forget the account and its namespaces, together with the principal's ``change``."""
        own = [_account_row(account.subject), _listed_row(account.subject)]
        rows = [*own, *map(_namespace_row, sorted(account.namespaces))]
        deletions: list[TransactWriteItemTypeDef] = [
            {"Delete": {"TableName": self._table, "Key": row}} for row in rows
        ]
        ended = self.pending.ended(account.subject)
        write_together(self._client, [*deletions, ended, lease.check(), *change])

    def _update(
        self,
        row: dict[str, Any],
        state: State,
        extra: str = "",
        values: Mapping[str, dict[str, str]] | None = None,
    ) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": row,
                "UpdateExpression": f"SET #state = :state{extra}",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":state": {"S": state}, **(values or {})},
            }
        }

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")


def listed(table: str, subject: str) -> TransactWriteItemTypeDef:
    """Item of the transaction that begins an account: it is found among all."""
    return {"Put": {"TableName": table, "Item": _listed_row(subject)}}


def lease_name(subject: str) -> str:
    """Of the lease under which an account changes."""
    return f"account {subject}"


def policies_lease_name(subject: str) -> str:
    """Of the lease under which an account's policies are written.

    Apart from the account's own, so that whatever its owner does with it keeps no right in force: whoever
    waits for this one waits for policies to be written.
    """
    return f"policies {subject}"


def _listed_row(subject: str) -> dict[str, Any]:
    return {"pk": {"S": _ACCOUNTS}, "sk": {"S": subject}}


def _account_row(subject: str) -> dict[str, Any]:
    return {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": "ACCOUNT"}}


def _namespace_row(namespace: str) -> dict[str, Any]:
    return {"pk": {"S": f"NAMESPACE#{namespace}"}, "sk": {"S": "NAMESPACE"}}
