"""Reads the newest heartbeat as a user does, and says whether that works.

Once a minute, over the public address and from outside the VPC: which event of ``octopus.heartbeat`` is the
newest, then that event. What comes of it goes

- to CloudWatch, as the metrics of the fabric's own that are named here
- to the registry, as how the part ``https`` stands

The address works when the event was read, however old it is: its age says how the way into Kafka is. It works
as well when it has no room for another reader: it answers, and others read.
Nothing but the Lambda runtime's own libraries is needed.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

RECORDS = "/api/v3/public/octopus/heartbeat/records"
PARTITION, PART = "STATUS", "https"
"""Key of the row in the registry."""
UNITS = {
    "HttpsAnswers": "None",
    "HttpsSeconds": "Seconds",
    "FreshnessSeconds": "Seconds",
    "CertificateDays": "None",
}
"""The metrics, by their names in CloudWatch."""
_CONNECT_S = 4
"""Of the connection, and again of its TLS."""
_ANSWER_S = 8
_READ_S = 20
"""Of all attempts together: the function has 50 s, in which it has to tell as well."""
_AGAIN_S = 1
"""Where the refusal does not say after how long."""
_AT_ONCE = 3
"""Attempts at public records, of which everybody together gets some a second."""
_MOST_BYTES = 1 << 20
_HEADERS = {"User-Agent": "octopus-heartbeat"}
"""AWS's common rules for web ACLs refuse whoever sends no such header (``NoUserAgent_HEADER``)."""
_DAY_S = 86_400

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


class NoRoomError(Exception):
    """Others ask for as many public records as may be asked for."""


class NoAnswerError(Exception):
    """The address did not give what was asked for; the message says what it did."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a user finds at the public address."""

    answers: bool
    """Whether the newest event was read, or others read so many that there was no room."""
    seconds: float | None = None
    """Of that request."""
    age_s: float | None = None
    """Of the newest event; none where the topic is empty."""
    certificate_days: float | None = None
    """Until the address's certificate ends; none where no connection came about."""

    def metrics(self) -> dict[str, float]:
        """Return what is known of it, by the metrics' names."""
        values = {
            "HttpsAnswers": float(self.answers),
            "HttpsSeconds": self.seconds,
            "FreshnessSeconds": self.age_s,
            "CertificateDays": self.certificate_days,
        }
        return {name: value for name, value in values.items() if value is not None}


def look(url: str, *, tls: ssl.SSLContext, now: float) -> Found:
    """Return what is found at ``url`` now.

    Args:
        url: the public address, ``https://<host>[:<port>][/<stage>]``.
        tls: whose certificates are good.
        now: seconds since epoch.
    """
    address = urlsplit(url)
    path = address.path.rstrip("/") + RECORDS
    connection = http.client.HTTPSConnection(address.netloc, timeout=_CONNECT_S, context=tls)
    days: float | None = None
    try:
        connection.connect()
        days = _days_left(connection.sock, now)
        ends = time.monotonic() + _READ_S
        end = _ask(connection, f"{path}?offset=latest&limit=1", ends).body["latest"]
        newest = _ask(connection, f"{path}?offset={max(0, int(end) - 1)}&limit=1", ends)
        age = _age_s(newest.body["records"], now)
    except NoRoomError:
        return Found(answers=True, certificate_days=days)
    except (OSError, http.client.HTTPException, NoAnswerError, LookupError, TypeError, ValueError) as error:
        # What came instead is not repeated: it may be anybody's who sits at the address.
        said = str(error) if isinstance(error, NoAnswerError) else type(error).__name__
        logger.warning("the heartbeat was not read over HTTPS: %s", said)
        return Found(answers=False, certificate_days=days)
    finally:
        connection.close()
    return Found(answers=True, seconds=newest.seconds, age_s=age, certificate_days=days)


def _days_left(connection: ssl.SSLSocket, now: float) -> float:
    # A context that checks certificates has one of every peer.
    ends = str((connection.getpeercert() or {})["notAfter"])
    return (ssl.cert_time_to_seconds(ends) - now) / _DAY_S


@dataclass(frozen=True)
class _Answer:
    body: Mapping[str, Any]
    seconds: float


def _ask(connection: http.client.HTTPSConnection, path: str, ends: float) -> _Answer:
    for attempt in range(1, _AT_ONCE + 1):
        began = time.monotonic()
        connection.timeout = min(_ANSWER_S, max(0.1, ends - began))
        if connection.sock is None:
            connection.connect()  # the gateway may have closed the one before
        connection.sock.settimeout(connection.timeout)
        connection.request("GET", path, headers=_HEADERS)
        reply = connection.getresponse()
        content = reply.read(_MOST_BYTES)
        seconds = time.monotonic() - began
        if reply.status == http.client.OK:
            return _Answer(json.loads(content), seconds)
        if reply.status != http.client.TOO_MANY_REQUESTS:
            raise NoAnswerError(f"status {reply.status}")
        after = reply.headers.get("Retry-After", "")
        wait_s = max(_AGAIN_S, float(after)) if after.isdecimal() else _AGAIN_S
        if attempt == _AT_ONCE or time.monotonic() + wait_s >= ends:
            break
        time.sleep(wait_s)
    raise NoRoomError


def _age_s(records: list[Mapping[str, Any]], now: float) -> float | None:
    stamps = [record["timestamp"] for record in records if record["timestamp"] is not None]
    # The producer's clock may be ahead of this one.
    return max(0.0, now - max(stamps) / 1000) if stamps else None


def put(cloudwatch: Any, institution: str, values: Mapping[str, float]) -> None:
    """Write metrics, one value each, as of now.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: CloudWatch took nothing.
    """
    cloudwatch.put_metric_data(
        Namespace=f"Octopus/{institution}",
        MetricData=[
            {"MetricName": name, "Value": value, "Unit": UNITS[name]} for name, value in values.items()
        ],
    )


def tell(dynamodb: Any, table: str, *, works: bool, now: float) -> None:
    """Write how the part stands; since when it stands so is kept while it does.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: the registry is away.
    """
    seen = "checked_ms = :now, worked_ms = :now" if works else "checked_ms = :now"
    update = {
        "TableName": table,
        "Key": {"pk": {"S": PARTITION}, "sk": {"S": PART}},
        "ExpressionAttributeValues": {":now": {"N": str(int(now * 1000))}, ":works": {"BOOL": works}},
    }
    try:
        dynamodb.update_item(**update, UpdateExpression=f"SET {seen}", ConditionExpression="works = :works")
    except dynamodb.exceptions.ConditionalCheckFailedException:
        dynamodb.update_item(**update, UpdateExpression=f"SET {seen}, works = :works, since_ms = :now")


@cache
def _client(service: str) -> Any:
    config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # a name of either client


def handler(_event: object, _context: object) -> None:
    """Look once, and tell."""
    now = time.time()
    found = look(os.environ["OCTOPUS_PUBLIC_URL"], tls=ssl.create_default_context(), now=now)
    try:
        put(_client("cloudwatch"), os.environ["OCTOPUS_INSTITUTION"], found.metrics())
    finally:
        # Whichever of the two does not answer keeps nothing from the other.
        tell(_client("dynamodb"), os.environ["OCTOPUS_REGISTRY_TABLE"], works=found.answers, now=now)
