"""Groups and their members in the registry.

Rows (pk / sk):
    ``GROUPS`` / ``<group>``: given (S), written with every grant that names the group
        (`octopus.access.store`); asked (N), gone with the next grant.
    ``GROUP#<group>`` / ``GROUP``: name (S), looked (N), state (S).
    ``GROUP#<group>`` / ``MEMBER#<identity>`` and ``IDENTITY#<identity>`` / ``GROUP#<group>``: each member,
        twice, written together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from octopus.membership.models import GivenGroup, GroupRecord, State
from octopus.registry.reading import Row, read_rows, rows_of
from octopus.registry.transactions import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class GroupStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def given(self) -> list[GivenGroup]:
        """Groups that hold, or lately held, a grant; the longest not asked for first."""
        found = [
            GivenGroup(
                id=row["sk"]["S"], given=row["given"]["S"], asked=float(row.get("asked", {"N": "0"})["N"])
            )
            for row in rows_of(self._client, self._table, "GROUPS")
        ]
        return sorted(found, key=lambda group: (group.asked, group.id))

    def has_grants(self, group_id: str) -> bool:
        """Whether any grant names the group."""
        return next(iter(self._grants(group_id)), None) is not None

    def namespaces(self, group_id: str) -> list[str]:
        """Namespaces on which the group holds a grant, in order."""
        return sorted({row["sk"]["S"].partition("#")[0] for row in self._grants(group_id)})

    def find(self, group_id: str) -> GroupRecord | None:
        """The group, if its members were ever listed."""
        return next(iter(self.find_all([group_id])), None)

    def find_all(self, group_ids: Iterable[str]) -> list[GroupRecord]:
        """Those of the groups whose members were ever listed."""
        rows = read_rows(self._client, self._table, [_group_key(group_id) for group_id in group_ids])
        return [
            GroupRecord(
                id=row["pk"]["S"].removeprefix("GROUP#"),
                name=row["name"]["S"],
                looked=float(row["looked"]["N"]),
                state=State(row["state"]["S"]),
            )
            for row in rows.values()
        ]

    def members(self, group_id: str) -> frozenset[str]:
        """Identities in the group, by the last list."""
        rows = rows_of(self._client, self._table, f"GROUP#{group_id}", "MEMBER#")
        return frozenset(row["sk"]["S"].removeprefix("MEMBER#") for row in rows)

    def mark_asked(self, group_id: str, *, asked: float, given: str) -> None:
        """Note that the members were asked for; with ``given`` where no grant was given yet."""
        self._client.update_item(
            TableName=self._table,
            Key=_given_key(group_id),
            UpdateExpression="SET asked = :asked, given = if_not_exists(given, :given)",
            ExpressionAttributeValues={":asked": {"N": f"{asked:.3f}"}, ":given": {"S": given}},
        )

    def put_group(
        self, record: GroupRecord, *, unlike: GroupRecord | None = None
    ) -> list[TransactWriteItemTypeDef]:
        """Items that write the group's record; with ``unlike`` they fail when it is not that one any more."""
        pk, sk = _group_key(record.id)
        item = {
            "pk": {"S": pk},
            "sk": {"S": sk},
            "name": {"S": record.name},
            "looked": {"N": f"{record.looked:.3f}"},
            "state": {"S": record.state.value},
        }
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if unlike is not None:
            put["ConditionExpression"] = "looked = :looked AND #state = :state"
            put["ExpressionAttributeNames"] = {"#state": "state"}
            put["ExpressionAttributeValues"] = {
                ":looked": {"N": f"{unlike.looked:.3f}"},
                ":state": {"S": unlike.state.value},
            }
        items: list[Any] = [{"Put": put}]
        return items

    def put_member(self, group_id: str, identity: str) -> list[TransactWriteItemTypeDef]:
        """Items that add a member."""
        return [{"Put": {"TableName": self._table, "Item": key}} for key in _member_keys(group_id, identity)]

    def delete_member(self, group_id: str, identity: str) -> list[TransactWriteItemTypeDef]:
        """Items that take a member out; one that is not in is as good."""
        return [
            {"Delete": {"TableName": self._table, "Key": key}} for key in _member_keys(group_id, identity)
        ]

    def delete_group(self, group: GivenGroup) -> list[TransactWriteItemTypeDef]:
        """Items that forget the group; they fail when a grant was given since ``group`` was read."""
        pk, sk = _group_key(group.id)
        return [
            {"Delete": {"TableName": self._table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}}},
            {
                "Delete": {
                    "TableName": self._table,
                    "Key": _given_key(group.id),
                    "ConditionExpression": "given = :given AND attribute_exists(asked)",
                    "ExpressionAttributeValues": {":given": {"S": group.given}},
                }
            },
        ]

    def write(self, items: Sequence[TransactWriteItemTypeDef]) -> None:
        """All of these, or none.

        Raises:
            ConditionFailedError: a condition did not hold.
            UnavailableError: the table is too busy.
        """
        write_together(self._client, items)

    def _grants(self, group_id: str) -> Iterable[Row]:
        return rows_of(self._client, self._table, f"GRANTEE#group#{group_id}")


def _given_key(group_id: str) -> dict[str, Any]:
    return {"pk": {"S": "GROUPS"}, "sk": {"S": group_id}}


def _group_key(group_id: str) -> tuple[str, str]:
    return f"GROUP#{group_id}", "GROUP"


def _member_keys(group_id: str, identity: str) -> list[dict[str, Any]]:
    return [
        {"pk": {"S": f"GROUP#{group_id}"}, "sk": {"S": f"MEMBER#{identity}"}},
        {"pk": {"S": f"IDENTITY#{identity}"}, "sk": {"S": f"GROUP#{group_id}"}},
    ]
