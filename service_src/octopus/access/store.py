"""Grants in the registry, each twice, and what else decides who may do what.

Rows (pk / sk):
    ``GRANTS#<namespace>`` / ``<topic or *>#<right>#<kind>#<uuid>``: by, created, shown_as, until; all but the
        first two left out when there is none.
    ``GRANTEE#<kind>#<uuid>`` / ``<namespace>#<topic or *>#<right>``: the same grant for its grantee.
    ``GROUPS`` / ``<group>``: given (S): groups that hold a grant (`octopus.membership` asks for members).
Read here and written elsewhere: ``NAMESPACE#`` and ``SUBJECT#../ACCOUNT`` (`octopus.accounts.store`),
``SUBJECT#../IDENTITIES`` and ``IDENTITY#<x>`` / ``SUBJECT#<s>`` (`octopus.identity`), ``GROUP#`` and
``IDENTITY#<x>`` / ``GROUP#<g>`` (`octopus.membership`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.access.models import Grant, Grantee, GranteeKind, NamespaceFacts, Right
from octopus.registry.ends import End, EndKind
from octopus.registry.reading import Row, read_rows, rows_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class GrantStore:
    """Reads of one registry table, all consistent, and items of transactions that change grants."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def on(self, namespace: str, topic: str | None = None) -> Iterator[Grant]:
        """Grants on a namespace and its topics, or those of exactly one topic or of `EVERY_TOPIC`."""
        beginning = "" if topic is None else f"{topic}#"
        for row in rows_of(self._client, self._table, f"GRANTS#{namespace}", beginning):
            name, right, kind, identity = row["sk"]["S"].split("#")
            yield _grant(row, namespace, name, right, Grantee(GranteeKind(kind), identity))

    def to(self, grantee: Grantee, namespace: str | None = None) -> Iterator[Grant]:
        """Grants that name a grantee, of all namespaces or of one."""
        beginning = "" if namespace is None else f"{namespace}#"
        for row in rows_of(self._client, self._table, f"GRANTEE#{grantee}", beginning):
            name, topic, right = row["sk"]["S"].split("#")
            yield _grant(row, name, topic, right, grantee)

    def find(self, namespace: str, topic: str, right: Right, grantee: Grantee) -> Grant | None:
        """One grant; None when it was never given, or is taken."""
        key = (f"GRANTS#{namespace}", f"{topic}#{right}#{grantee}")
        row = read_rows(self._client, self._table, [key]).get(key)
        return _grant(row, namespace, topic, right, grantee) if row else None

    def namespaces(self, names: Iterable[str]) -> dict[str, NamespaceFacts]:
        """Those of the namespaces that there are."""
        keys = [(f"NAMESPACE#{name}", "NAMESPACE") for name in names]
        found = read_rows(self._client, self._table, keys)
        return {(facts := _facts(row)).name: facts for row in found.values()}

    def own_namespaces(self, subject: str) -> frozenset[str]:
        """Namespaces of the subject's account; none without one."""
        key = (f"SUBJECT#{subject}", "ACCOUNT")
        row = read_rows(self._client, self._table, [key]).get(key)
        return frozenset(row["namespaces"]["SS"]) if row and "namespaces" in row else frozenset()

    def linked(self, subject: str) -> frozenset[str]:
        """Identities that Globus Auth had linked to the subject when it was last here, without itself."""
        key = (f"SUBJECT#{subject}", "IDENTITIES")
        row = read_rows(self._client, self._table, [key]).get(key, {})
        return frozenset(row.get("linked", {}).get("SS", ()))

    def linked_to(self, identity: str) -> list[str]:
        """Subjects to which an identity is linked."""
        rows = rows_of(self._client, self._table, f"IDENTITY#{identity}", "SUBJECT#")
        return [row["sk"]["S"].removeprefix("SUBJECT#") for row in rows]

    def suspended(self, identities: Iterable[str]) -> frozenset[str]:
        """Those of the identities whose own account is suspended."""
        keys = [(f"SUBJECT#{identity}", "ACCOUNT") for identity in identities]
        found = read_rows(self._client, self._table, keys)
        return frozenset(
            pk.removeprefix("SUBJECT#") for (pk, _), row in found.items() if row["state"]["S"] == "suspended"
        )

    def groups_of(self, identities: Iterable[str]) -> dict[str, str]:
        """Groups whose members the identities are, each with one of those; only groups that count now."""
        member: dict[str, str] = {}
        for identity in identities:
            for row in rows_of(self._client, self._table, f"IDENTITY#{identity}", "GROUP#"):
                member.setdefault(row["sk"]["S"].removeprefix("GROUP#"), identity)
        held = self.held(member)
        return {group: identity for group, identity in member.items() if group in held}

    def held(self, groups: Iterable[str]) -> frozenset[str]:
        """Those of the groups whose list of members counts."""
        keys = [(f"GROUP#{group}", "GROUP") for group in groups]
        found = read_rows(self._client, self._table, keys)
        return frozenset(
            pk.removeprefix("GROUP#") for (pk, _), row in found.items() if row["state"]["S"] == "held"
        )

    def members(self, group: str) -> Iterator[str]:
        """Identities that are in a group, by the last list."""
        for row in rows_of(self._client, self._table, f"GROUP#{group}", "MEMBER#"):
            yield row["sk"]["S"].removeprefix("MEMBER#")

    def put(self, grant: Grant, old: Grant | None) -> list[TransactWriteItemTypeDef]:
        """Items that write a grant in the place of another, or of none; the first fails when that changed."""
        details = _details(grant)
        first: Any = {
            "TableName": self._table,
            "Item": {**_by_namespace(grant), **details},
            **(_unchanged(old) if old else {"ConditionExpression": "attribute_not_exists(pk)"}),
        }
        items: list[Any] = [
            {"Put": first},
            {"Put": {"TableName": self._table, "Item": {**_by_grantee(grant), **details}}},
        ]
        if grant.grantee.kind is GranteeKind.GROUP:
            row = {"pk": {"S": "GROUPS"}, "sk": {"S": grant.grantee.id}, "given": details["created"]}
            items.append({"Put": {"TableName": self._table, "Item": row}})
        return items

    def delete(self, grant: Grant) -> list[TransactWriteItemTypeDef]:
        """Items that take a grant; the first fails when it changed, or is gone."""
        first: Any = {"TableName": self._table, "Key": _by_namespace(grant), **_unchanged(grant)}
        return [{"Delete": first}, {"Delete": {"TableName": self._table, "Key": _by_grantee(grant)}}]


def end_of(grant: Grant) -> End | None:
    """When a grant ends, if it does, as `octopus.registry.ends` holds it."""
    if grant.until is None:
        return None
    reference = f"{grant.namespace}#{grant.topic}#{grant.right}#{grant.grantee}"
    return End(EndKind.GRANT, reference, grant.until)


def parts_of(reference: str) -> tuple[str, str, Right, Grantee]:
    """Namespace, topic, right and grantee of the grant that an `End` names."""
    namespace, topic, right, kind, identity = reference.split("#")
    return namespace, topic, Right(right), Grantee(GranteeKind(kind), identity)


def _by_namespace(grant: Grant) -> Row:
    sort_key = f"{grant.topic}#{grant.right}#{grant.grantee}"
    return {"pk": {"S": f"GRANTS#{grant.namespace}"}, "sk": {"S": sort_key}}


def _by_grantee(grant: Grant) -> Row:
    sort_key = f"{grant.namespace}#{grant.topic}#{grant.right}"
    return {"pk": {"S": f"GRANTEE#{grant.grantee}"}, "sk": {"S": sort_key}}


def _details(grant: Grant) -> Row:
    row: Row = {"by": {"S": grant.by}, "created": {"S": _text(grant.created)}}
    if grant.shown_as is not None:
        row["shown_as"] = {"S": grant.shown_as}
    if grant.until is not None:
        row["until"] = {"S": _text(grant.until)}
    return row


def _unchanged(grant: Grant) -> dict[str, Any]:
    """Of a transaction's item: the grant is there, with this end."""
    names = {"#until": "until"}
    if grant.until is None:
        return {
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(#until)",
            "ExpressionAttributeNames": names,
        }
    return {
        "ConditionExpression": "#until = :until",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":until": {"S": _text(grant.until)}},
    }


def _grant(row: Mapping[str, Any], namespace: str, topic: str, right: str, grantee: Grantee) -> Grant:
    return Grant(
        namespace=namespace,
        topic=topic,
        grantee=grantee,
        right=Right(right),
        until=datetime.fromisoformat(row["until"]["S"]) if "until" in row else None,
        by=row["by"]["S"],
        created=datetime.fromisoformat(row["created"]["S"]),
        shown_as=row["shown_as"]["S"] if "shown_as" in row else None,
    )


def _facts(row: Mapping[str, Any]) -> NamespaceFacts:
    return NamespaceFacts(
        name=row["pk"]["S"].removeprefix("NAMESPACE#"),
        owner=row["owner"]["S"],
        state=row["state"]["S"],
        ends=datetime.fromisoformat(row["ends"]["S"]) if "ends" in row else None,
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
