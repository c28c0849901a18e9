"""The one transaction in which everything that an account owns becomes another's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.accounts.models import Account, State
from octopus.accounts.store import listed
from octopus.registry.transactions import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class MoveStore:
    """Writes of one registry table."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def hand_over(
        self,
        old: Account | None,
        old_subject: str,
        new: Account,
        change: Sequence[TransactWriteItemTypeDef],
    ) -> None:
        """The namespaces of one account are another's; the first is being deleted, and knows whose they are.

        Args:
            old: in use; None when that subject has no account, and only grants to move.
            new: in use.
            change: what else belongs to it.

        Raises:
            ConditionFailedError: one of them was changed meanwhile; nothing was written.
        """
        gone = self._gone(old, old_subject, new.subject)
        taken = [self._taken(old, new), *self._renamed(old, new)] if old else []
        begun = [] if old else [listed(self._table, old_subject)]
        write_together(self._client, [gone, *begun, *taken, *change])

    def _gone(self, old: Account | None, subject: str, new: str) -> TransactWriteItemTypeDef:
        now = {"S": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")}
        if old is None:
            account: Any = {
                **_row(f"SUBJECT#{subject}", "ACCOUNT"),
                "state": {"S": State.DELETING},
                "since": now,
                "created": now,
                "moved_to": {"S": new},
            }
            return {
                "Put": {
                    "TableName": self._table,
                    "Item": account,
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            }
        return {
            "Update": {
                "TableName": self._table,
                "Key": _row(f"SUBJECT#{subject}", "ACCOUNT"),
                "UpdateExpression": "SET #state = :deleting, since = :now, moved_to = :new REMOVE namespaces",
                "ConditionExpression": "#state = :active AND namespaces = :namespaces",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":deleting": {"S": State.DELETING},
                    ":active": {"S": State.ACTIVE},
                    ":now": now,
                    ":new": {"S": new},
                    ":namespaces": {"SS": sorted(old.namespaces)},
                },
            }
        }

    def _taken(self, old: Account, new: Account) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": _row(f"SUBJECT#{new.subject}", "ACCOUNT"),
                "UpdateExpression": "ADD namespaces :namespaces",
                "ConditionExpression": "#state = :active",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":active": {"S": State.ACTIVE},
                    ":namespaces": {"SS": sorted(old.namespaces)},
                },
            }
        }

    def _renamed(self, old: Account, new: Account) -> list[TransactWriteItemTypeDef]:
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": _row(f"NAMESPACE#{namespace}", "NAMESPACE"),
                    "UpdateExpression": "SET #owner = :new",
                    "ConditionExpression": "#owner = :old",
                    "ExpressionAttributeNames": {"#owner": "owner"},
                    "ExpressionAttributeValues": {":new": {"S": new.subject}, ":old": {"S": old.subject}},
                }
            }
            for namespace in sorted(old.namespaces)
        ]


def _row(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
