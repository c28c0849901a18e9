"""What brokers refused, from their audit logs into the trail.

Row of the registry: pk ``POSITION#broker-audit``, sk ``<host>:<file>``: began, file, offset, as
`octopus.audit.broker_log.Position` has them. An event's id and time come from its line, so that one that is
read twice, as after a crash, is recorded once.
"""

from __future__ import annotations

import hashlib
import json
import socket
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from octopus.audit.broker_log import Position, lines_after
from octopus.audit.events import Event
from octopus.audit.trail import Trail
from octopus.registry.reading import read_rows
from octopus.topics.names import is_namespace_name, is_topic_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOBODY = "nobody"
"""Actor of what was refused to somebody who did not prove who he is."""
EVENTS_AT_ONCE = 200
"""Of one log in one go: so much work, whatever somebody makes a broker refuse."""
LINES_AT_ONCE = 20_000

_POSITIONS = "POSITION#broker-audit"
_log = structlog.get_logger(__name__)


class Denials:
    """Ships what the brokers of this host refused."""

    def __init__(self, client: DynamoDBClient, table: str, trail: Trail, logs: Sequence[Path]) -> None:
        """
        Args:
            client: of the registry's database.
            table: the registry.
            trail: of the same table.
            logs: a file for each broker; those that are not there yet are looked for again.
        """
        self._client = client
        self._table = table
        self._trail = trail
        self._logs = [log.absolute() for log in logs]

    def run(self) -> None:
        """As `ship`, in the background."""
        self.ship()

    def ship(self) -> int:
        """Record the next few denials of each log; returns how many lines were gone through.

        Raises:
            UnavailableError: the registry is away; what is not recorded is next time.
        """
        return sum(self._ship(log) for log in self._logs)

    def _ship(self, log: Path) -> int:
        before = self._position(log)
        events: list[Event] = []
        position, count = before, 0
        for line, behind in lines_after(log, before):
            position, count = behind, count + 1
            event = event_of(line)
            if event is not None:
                events.append(event)
            if len(events) == EVENTS_AT_ONCE or count == LINES_AT_ONCE:
                break
        self._trail.record(*events)
        if position is not None and position != before:
            self._remember(log, position)
        return count

    def _position(self, log: Path) -> Position | None:
        key = _key(log)
        row = read_rows(self._client, self._table, [key]).get(key)
        return Position(row["began"]["S"], row["file"]["S"], int(row["offset"]["N"])) if row else None

    def _remember(self, log: Path, position: Position) -> None:
        pk, sk = _key(log)
        self._client.put_item(
            TableName=self._table,
            Item={
                "pk": {"S": pk},
                "sk": {"S": sk},
                "began": {"S": position.began},
                "file": {"S": position.file},
                "offset": {"N": str(position.offset)},
            },
        )


def event_of(line: bytes) -> Event | None:
    """The event that a line of a broker's audit log tells of; None for what was allowed.

    A refusal concerns the principal, and the namespace that it was about. Decisions that the broker had no
    room to write down are told by their number.
    """
    try:
        told = json.loads(line)
        if "dropped" in told:
            return _dropped(told, line)
        return _denied(told, line) if told["outcome"] == "deny" else None
    except (ValueError, TypeError, KeyError, AttributeError):
        _log.warning("broker_log.unreadable_line", sha256=hashlib.sha256(line).hexdigest())
        return None


def _denied(told: dict[str, Any], line: bytes) -> Event:
    kind, name = _resource(str(told["resource"]))
    namespace, dot, rest = name.partition(".")
    concerned = bool(dot) and kind != "cluster" and is_namespace_name(namespace)
    return Event(
        type="kafka.denied",
        **_stamped(told, line),
        namespace=namespace if concerned else None,
        topic=rest if concerned and kind == "topic" and is_topic_name(rest) else None,
        data={
            "action": str(told["action"]),
            "resource": f"{kind}/{name}",
            "access_key_id": str(told["access_key_id"]),
            "count": int(told["count"]),
            "reason": str(told["reason"]) if "reason" in told else None,
        },
    )


def _dropped(told: dict[str, Any], line: bytes) -> Event:
    return Event(type="kafka.dropped", **_stamped(told, line), data={"decisions": int(told["dropped"])})


def _stamped(told: dict[str, Any], line: bytes) -> dict[str, Any]:
    principal = str(told["principal"])
    return {
        "actor": principal or NOBODY,
        "subject": principal if _is_uuid(principal) else None,
        "id": hashlib.sha256(line).hexdigest()[:32],
        "time": datetime.fromisoformat(told["time"]),
    }


def _resource(arn: str) -> tuple[str, str]:
    """Kind and name in ``arn:<partition>:kafka:<region>:<account>:<kind>/<cluster>/<uuid>[/<name>]``."""
    path = arn.split(":", 5)[-1]
    kind, _, name = path.partition("/")
    if kind == "cluster":
        return kind, name
    return kind, name.split("/", 2)[-1]


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _key(log: Path) -> tuple[str, str]:
    return _POSITIONS, f"{socket.gethostname()}:{log}"
