"""Letters: warnings by mail, through Amazon SES, each sent once or not at all.

Row of the registry: pk ``OUTBOX#mail``, sk ``<event id>#<identity>``: event (S, JSON), due and ends (N, s
since epoch); taken (N) from right before the sending on, so that a letter of which nobody knows whether it
went out is not sent again. No address is kept in it, and none is ever logged.

Row for each identity and UTC day: pk ``LETTERS#<identity>``, sk ``<day>``: letters (N, so many were posted),
ttl. Others decide what ends for somebody, and how often: what is over `MOST_A_DAY` stands in the audit alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError

from octopus.audit.events import Event
from octopus.audit.letters import compose
from octopus.audit.trail import from_json, to_json
from octopus.registry.reading import Key, read_rows, rows_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_sesv2 import SESV2Client

LETTERS = "OUTBOX#mail"
MOST_A_DAY = 5
"""Letters to one identity."""
AGAIN_S = 600.0
"""After which a letter that SES did not take is tried again."""
LOST_S = 300.0
"""After which whoever took a letter is believed to be dead."""
AT_ONCE = 20
"""Letters in one go."""

_log = structlog.get_logger(__name__)


def letters(
    table: str, event: Event, to: Collection[str], *, ends: datetime
) -> list[TransactWriteItemTypeDef]:
    """Items of a transaction that have a letter sent to each of these identities: two for each.

    Args:
        table: the registry.
        event: what the letter tells.
        to: whom; see `welcome`.
        ends: after which nobody wants to read it any more.
    """
    items: list[TransactWriteItemTypeDef] = []
    forgotten = {"N": str(int((datetime.now(UTC) + timedelta(days=2)).timestamp()))}
    for identity in sorted(to):
        letter = {
            **_row(f"{event.id}#{identity}"),
            "event": {"S": to_json(event)},
            "due": {"N": "0"},
            "ends": {"N": str(int(ends.timestamp()))},
        }
        pk, sk = _today(identity)
        items.append({"Put": {"TableName": table, "Item": letter}})
        items.append(
            {
                "Update": {
                    "TableName": table,
                    "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
                    "UpdateExpression": "SET #ttl = :ttl ADD letters :one",
                    "ExpressionAttributeNames": {"#ttl": "ttl"},
                    "ExpressionAttributeValues": {":ttl": forgotten, ":one": {"N": "1"}},
                }
            }
        )
    return items


def welcome(client: DynamoDBClient, table: str, identities: Collection[str]) -> list[str]:
    """Those of the identities that may be sent another letter today."""
    days = {_today(identity): identity for identity in identities}
    posted = read_rows(client, table, days)
    return [
        identity
        for day, identity in days.items()
        if day not in posted or int(posted[day]["letters"]["N"]) < MOST_A_DAY
    ]


class Post:
    """Sends the letters of one registry table."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        ses: SESV2Client,
        *,
        sender: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            client: of the registry's database.
            table: the registry.
            ses: must make one attempt only.
            sender: verified in SES.
            clock: seconds since the epoch.
        """
        self._client = client
        self._table = table
        self._ses = ses
        self._sender = sender
        self._clock = clock

    def send(self) -> None:
        """Send the next few letters that are due."""
        now = self._clock()
        left = AT_ONCE
        for row in rows_of(self._client, self._table, LETTERS):
            name = row["sk"]["S"]
            if "taken" in row:
                if float(row["taken"]["N"]) + LOST_S <= now:
                    self._drop(name, "nobody knows whether it was sent")
            elif float(row["ends"]["N"]) <= now:
                self._drop(name, "it could not be sent in time")
            elif float(row["due"]["N"]) <= now and left:
                left -= 1
                self._send(name, from_json(row["event"]["S"]))

    def _send(self, name: str, event: Event) -> None:
        identity = name.rpartition("#")[2]
        address = self._address(identity)
        if address is None:
            self._drop(name, "its addressee has no address here")
            return
        if not self._take(name):
            return
        subject, text = compose(event)
        try:
            self._ses.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [address]},
                Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
            )
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            self._postpone(name, type(error).__name__)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                # Its message names the address.
                self._postpone(name, error.response["Error"]["Code"])
            else:
                self._drop(name, "nobody knows whether it was sent")
        except HTTPClientError:
            self._drop(name, "nobody knows whether it was sent")
        else:
            self._client.delete_item(TableName=self._table, Key=_row(name))
            _log.info("mail.sent", event_id=event.id, type=event.type)

    def _address(self, identity: str) -> str | None:
        """Of the person: the e-mail address that Globus Auth names, or a user name that is one."""
        subjects = [
            row["sk"]["S"].removeprefix("SUBJECT#")
            for row in rows_of(self._client, self._table, f"IDENTITY#{identity}", "SUBJECT#")
        ]
        keys = [(f"SUBJECT#{subject}", "IDENTITIES") for subject in (identity, *subjects)]
        rows = read_rows(self._client, self._table, keys)
        for key in keys:
            for name in ("email", "username"):
                address = rows.get(key, {}).get(name, {}).get("S")
                if address and "@" in address:
                    return str(address)
        return None

    def _take(self, name: str) -> bool:
        return self._update(name, "SET taken = :now", "attribute_exists(pk) AND attribute_not_exists(taken)")

    def _postpone(self, name: str, reason: str) -> None:
        _log.warning("mail.postponed", letter=name, reason=reason)
        self._update(name, "SET due = :again REMOVE taken", "attribute_exists(pk)")

    def _update(self, name: str, change: str, condition: str) -> bool:
        now = self._clock()
        values = {":now": {"N": f"{now:.3f}"}, ":again": {"N": f"{now + AGAIN_S:.3f}"}}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_row(name),
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeValues={key: value for key, value in values.items() if key in change},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _drop(self, name: str, reason: str) -> None:
        _log.warning("mail.dropped", letter=name, reason=reason)
        self._client.delete_item(TableName=self._table, Key=_row(name))


def _today(identity: str) -> Key:
    return f"LETTERS#{identity}", f"{datetime.now(UTC):%Y-%m-%d}"


def _row(name: str) -> dict[str, Any]:
    return {"pk": {"S": LETTERS}, "sk": {"S": name}}
