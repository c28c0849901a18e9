"""The catalogue's rows in the registry: written with the topic that they lead to.

Row (pk / sk): ``WORD#<first 3 characters>`` / ``<word>#<full name>``: listed (BOOL).
``listed`` spares a reader the topics that he may not see; what he does see is read from the topic itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from octopus.registry.reading import rows_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

PREFIX = 3
"""Characters by which rows are parted; of a shorter word only the whole is found."""


class Index:
    """Index rows of one registry table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def added(self, name: str, words: Collection[str], *, listed: bool) -> list[TransactWriteItemTypeDef]:
        """Items of a transaction after which these words lead to a topic, given by its full name."""
        return [
            {"Put": {"TableName": self._table, "Item": {**_row(word, name), "listed": {"BOOL": listed}}}}
            for word in sorted(words)
        ]

    def removed(self, name: str, words: Collection[str]) -> list[TransactWriteItemTypeDef]:
        """Items of a transaction after which these words lead to it no more."""
        return [{"Delete": {"TableName": self._table, "Key": _row(word, name)}} for word in sorted(words)]

    def find(self, word: str) -> Iterator[tuple[str, bool]]:
        """Full names of the topics with a word that begins so, and whether each is listed.

        A word of one or two characters is found whole. A topic may be there more than once.
        """
        beginning = word if len(word) >= PREFIX else f"{word}#"
        for row in rows_of(self._client, self._table, f"WORD#{word[:PREFIX]}", beginning):
            yield row["sk"]["S"].partition("#")[2], row["listed"]["BOOL"]


def _row(word: str, name: str) -> dict[str, Any]:
    return {"pk": {"S": f"WORD#{word[:PREFIX]}"}, "sk": {"S": f"{word}#{name}"}}
