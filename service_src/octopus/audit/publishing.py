"""Events from the registry's outbox onto the system topic: each at least once, twice under the same id."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import structlog

from octopus.audit.cloud_events import to_record
from octopus.audit.trail import OUTBOX, from_json
from octopus.errors import UnavailableError
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.system_topic import SystemTopic
from octopus.registry.reading import rows_of
from octopus.registry.transactions import write_together
from octopus.settings import DeployedSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

TOPIC = "octopus.audit"
AT_ONCE = 500
"""Events in one go."""
REST_S = 30.0
"""How long events rest that could not go: brokers took none, or where they come from is not known yet."""
_DELETED_AT_ONCE = 100
"""DynamoDB's ceiling for one transaction."""

_log = structlog.get_logger(__name__)


def open_topic(
    settings: DeployedSettings, kafka: TopicAdmin, client: Callable[[], dict[str, Any]]
) -> SystemTopic:
    """The system topic of one deployment, which keeps events as long as the registry does.

    Args:
        settings: of the deployment.
        kafka: makes it.
        client: gives librdkafka's settings.
    """
    kept_ms = int(timedelta(days=settings.audit_days) / timedelta(milliseconds=1))
    configs = {"cleanup.policy": "delete", "retention.ms": str(kept_ms), "retention.bytes": "-1"}
    return SystemTopic(TOPIC, admin=kafka, settings=client, configs=configs)


class Publisher:
    """Empties the outbox of one registry table."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        topic: SystemTopic,
        *,
        source: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            client: of the registry's database.
            table: the registry.
            topic: to write to.
            source: gives that of every event; a URI.
            clock: seconds, of this process.
        """
        self._client = client
        self._table = table
        self._topic = topic
        self._source = source
        self._clock = clock
        self._rests_until = clock()
        self._oldest: datetime | None = None
        """When the event happened that waited longest at the last look."""

    def waiting_s(self) -> float:
        """Seconds since the oldest event that is not published happened, by the last look; 0 when none waits.

        Every replica looks each second, and goes by its last look while the registry is away.
        """
        oldest = self._oldest
        return max(0.0, (datetime.now(UTC) - oldest).total_seconds()) if oldest else 0.0

    def due(self) -> bool:
        """Whether there is anything to publish now."""
        if self._clock() < self._rests_until:
            return False
        first = next(rows_of(self._client, self._table, OUTBOX), None)
        self._oldest = from_json(first["event"]["S"]).time if first else None
        return first is not None

    def run(self) -> None:
        """Publish the oldest events; what the brokers did not acknowledge stays for later.

        Raises:
            UnavailableError: where they come from is not known yet.
        """
        if self._clock() < self._rests_until:
            return
        try:
            source = self._source()
        except UnavailableError:
            self._rests_until = self._clock() + REST_S
            raise
        rows = list(islice(rows_of(self._client, self._table, OUTBOX), AT_ONCE))
        events = [from_json(row["event"]["S"]) for row in rows]
        acknowledged = self._topic.append([to_record(event, source=source) for event in events])
        done: list[TransactWriteItemTypeDef] = [
            {"Delete": {"TableName": self._table, "Key": {"pk": row["pk"], "sk": row["sk"]}}}
            for row, there in zip(rows, acknowledged, strict=True)
            if there
        ]
        for first in range(0, len(done), _DELETED_AT_ONCE):
            write_together(self._client, done[first : first + _DELETED_AT_ONCE])
        if len(done) < len(rows):
            self._rests_until = self._clock() + REST_S
            _log.warning("audit.not_published", events=len(rows) - len(done), again_in_s=REST_S)
