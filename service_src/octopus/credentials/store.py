"""The credentials table: keys, their owners' pointers, versions of principals and the log of changes.

Rows (pk / sk):
    ``KEY#<access key id>`` / ``KEY``: subject, user_name, kind, state, secret (ciphertext), created,
        label and expires where they apply.
    ``SUBJECT#<subject>`` / ``KEY#<access key id>``: pointer of the owner, in one transaction with the key.
    ``SUBJECT#<subject>`` / ``VERSION``: version (N), policy_sha256, changed. Never deleted, so that a version
        number is never used twice.
    ``CHANGES#<UTC hour>`` / ``<time>#<subject>``: in one transaction with every bump of a version.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.credentials.models import Kind, StoredKey
from octopus.registry.transactions import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

NO_POLICY_SHA256 = ""
"""In the version row of a principal that has no inline policy."""
_CHANGES_KEPT_S = 24 * 3600


class CredentialStore:
    """Reads and writes of one credentials table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def keys_of(self, subject: str) -> list[StoredKey]:
        """The owner's keys, newest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": f"SUBJECT#{subject}"}, ":prefix": {"S": "KEY#"}},
        )
        ids = [item["sk"]["S"].removeprefix("KEY#") for page in pages for item in page["Items"]]
        keys = [key for key in map(self._read, ids) if key is not None]
        return sorted(keys, key=lambda key: (key.created, key.access_key_id), reverse=True)

    def add(self, key: StoredKey, *checks: TransactWriteItemTypeDef) -> None:
        """Record a key, its owner's pointer and the change."""
        item: dict[str, Any] = {
            **_key_row(key.access_key_id),
            "subject": {"S": key.subject},
            "user_name": {"S": key.user_name},
            "kind": {"S": key.kind.value},
            "state": {"S": "active" if key.active else "inactive"},
            "secret": {"B": key.secret},
            "created": {"S": key.created},
        }
        if key.label is not None:
            item["label"] = {"S": key.label}
        if key.expires is not None:
            item["expires"] = {"S": key.expires}
        pointer = _pointer_row(key.subject, key.access_key_id)
        self._write(
            [
                *checks,
                {"Put": {"TableName": self._table, "Item": item}},
                {"Put": {"TableName": self._table, "Item": pointer}},
                *self.change(key.subject),
            ]
        )

    def remove(self, subject: str, access_key_ids: Sequence[str], *checks: TransactWriteItemTypeDef) -> None:
        """Forget keys of one owner, with their pointers and the change; at most a few at a time."""
        deletions: list[TransactWriteItemTypeDef] = []
        for access_key_id in access_key_ids:
            for row in (_key_row(access_key_id), _pointer_row(subject, access_key_id)):
                deletions.append({"Delete": {"TableName": self._table, "Key": row}})
        if deletions:
            self._write([*checks, *deletions, *self.change(subject)])

    def bump_version(self, subject: str, policy_sha256: str | None = None) -> None:
        """Tell the judge that something of this principal changed.

        Args:
            policy_sha256: of the inline policy now in force; None leaves what is recorded.
        """
        self._write(self.change(subject, policy_sha256))

    def change(self, subject: str, policy_sha256: str | None = None) -> list[TransactWriteItemTypeDef]:
        """The two items that belong into every transaction that changes a principal."""
        now = datetime.now(UTC)
        stamp = now.isoformat(timespec="microseconds")
        recorded = "if_not_exists(policy_sha256, :policy)" if policy_sha256 is None else ":policy"
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": "VERSION"}},
                    "UpdateExpression": f"SET changed = :now, policy_sha256 = {recorded} ADD version :one",
                    "ExpressionAttributeValues": {
                        ":one": {"N": "1"},
                        ":now": {"S": stamp},
                        ":policy": {"S": policy_sha256 or NO_POLICY_SHA256},
                    },
                }
            },
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {
                        "pk": {"S": f"CHANGES#{now:%Y-%m-%dT%H}"},
                        "sk": {"S": f"{stamp}#{subject}"},
                        "subject": {"S": subject},
                        "ttl": {"N": str(int(time.time()) + _CHANGES_KEPT_S)},
                    },
                }
            },
        ]

    def _read(self, access_key_id: str) -> StoredKey | None:
        reply = self._client.get_item(TableName=self._table, Key=_key_row(access_key_id), ConsistentRead=True)
        item = reply.get("Item")
        if item is None:
            return None
        return StoredKey(
            access_key_id=access_key_id,
            subject=item["subject"]["S"],
            user_name=item["user_name"]["S"],
            kind=Kind(item["kind"]["S"]),
            active=item["state"]["S"] == "active",
            secret=item["secret"]["B"],
            created=item["created"]["S"],
            label=item["label"]["S"] if "label" in item else None,
            expires=item["expires"]["S"] if "expires" in item else None,
        )

    def _write(self, items: Sequence[TransactWriteItemTypeDef]) -> None:
        write_together(self._client, items)


def _key_row(access_key_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"KEY#{access_key_id}"}, "sk": {"S": "KEY"}}


def _pointer_row(subject: str, access_key_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": f"KEY#{access_key_id}"}}
