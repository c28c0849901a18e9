"""Accounts and namespaces in the registry.

Rows (pk / sk):
    ``SUBJECT#<subject>`` / ``ACCOUNT``: state, namespaces (set), created.
    ``NAMESPACE#<namespace>`` / ``NAMESPACE``: owner, state, created. Its topics are rows of the same
        partition (`octopus.topics.store`).
An account and its namespace are written in one transaction and have the same state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.accounts.models import Account, State
from octopus.registry.leases import Lease
from octopus.registry.transactions import ConditionFailedError, write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class NamespaceTakenError(Exception):
    """The namespace belongs to another subject."""


class AccountStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, subject: str) -> Account | None:
        """The account, in whatever state it is."""
        reply = self._client.get_item(TableName=self._table, Key=_account_row(subject), ConsistentRead=True)
        item = reply.get("Item")
        if item is None:
            return None
        return Account(subject, State(item["state"]["S"]), frozenset(item["namespaces"]["SS"]))

    def subjects(self) -> Iterator[str]:
        """Every subject that has an account, by reading the whole table."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            FilterExpression="sk = :account",
            ExpressionAttributeValues={":account": {"S": "ACCOUNT"}},
        )
        for page in pages:
            for item in page["Items"]:
                yield item["pk"]["S"].removeprefix("SUBJECT#")

    def claim(self, subject: str, namespace: str, lease: Lease) -> Account:
        """Write down the account and its namespace, both ``creating``.

        Raises:
            NamespaceTakenError: nothing was written.
        """
        now = {"S": datetime.now(UTC).isoformat(timespec="seconds")}
        account: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_account_row(subject),
                    "state": {"S": State.CREATING},
                    "namespaces": {"SS": [namespace]},
                    "created": now,
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
            write_together(self._client, [claim, account, lease.check()])
        except ConditionFailedError as failed:
            if 0 in failed.positions:
                raise NamespaceTakenError(namespace) from None
            raise
        return Account(subject, State.CREATING, frozenset({namespace}))

    def advance(
        self, account: Account, state: State, lease: Lease, change: Sequence[TransactWriteItemTypeDef]
    ) -> Account:
        """Put the account and its namespaces into ``state``, together with the principal's ``change``."""
        rows = [_account_row(account.subject), *map(_namespace_row, sorted(account.namespaces))]
        updates: list[TransactWriteItemTypeDef] = [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": row,
                    "UpdateExpression": "SET #state = :state",
                    "ConditionExpression": "attribute_exists(pk)",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {":state": {"S": state}},
                }
            }
            for row in rows
        ]
        write_together(self._client, [*updates, lease.check(), *change])
        return Account(account.subject, state, account.namespaces)

    def remove(self, account: Account, lease: Lease, change: Sequence[TransactWriteItemTypeDef]) -> None:
        """Forget the account and its namespaces, together with the principal's ``change``."""
        rows = [_account_row(account.subject), *map(_namespace_row, sorted(account.namespaces))]
        deletions: list[TransactWriteItemTypeDef] = [
            {"Delete": {"TableName": self._table, "Key": row}} for row in rows
        ]
        write_together(self._client, [*deletions, lease.check(), *change])


def _account_row(subject: str) -> dict[str, Any]:
    return {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": "ACCOUNT"}}


def _namespace_row(namespace: str) -> dict[str, Any]:
    return {"pk": {"S": f"NAMESPACE#{namespace}"}, "sk": {"S": "NAMESPACE"}}
