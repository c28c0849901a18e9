"""Tables, keys, the secret, and what stands in buckets."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost import volumes
from stacks.cost.assumptions import (
    AUDITED_PER_REQUEST,
    BACKGROUND_READS_PER_TASK_SECOND,
    BYTES_OF_A_LOG_OBJECT,
    BYTES_OF_A_USER,
    BYTES_OF_AN_AUDIT_LINE,
    CALLS_PER_SECRET_READ,
    DECISION_GIB_PER_BROKER,
    GIB,
    HOURS,
    KEY_REQUESTS_PER_REQUEST,
    READS_PER_REQUEST,
    SECONDS,
    WRITES_PER_REQUEST,
)
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.settings import Settings

PART = "state"
_MILLION = 1e6
_DAYS = HOURS / 24


def keys(settings: Settings) -> int:
    """Return the KMS keys that are made: of credentials, of alarms, and of records on brokers of a size."""
    return 3 if settings.kafka in ("msk-standard", "msk-express") else 2


def decisions(settings: Settings) -> float:
    """Return what brokers write down of whom they let in, in GiB a month."""
    logged = settings.kafka in ("msk-standard", "msk-express")
    return settings.broker_count * DECISION_GIB_PER_BROKER if logged else 0


def items(settings: Settings, load: Load) -> Iterator[Item]:
    """Yield what a month of it takes. Nothing is written to the archive in this release."""
    requests = volumes.requests(load)
    reads = requests * READS_PER_REQUEST + load.tasks * SECONDS * BACKGROUND_READS_PER_TASK_SECOND
    writes = volumes.other_requests(load) * WRITES_PER_REQUEST
    rows = _rows(settings, load)
    yield Item(PART, "table reads", reads / _MILLION, "table-reads")
    yield Item(PART, "table writes", writes / _MILLION, "table-writes")
    yield Item(PART, "table storage", rows, "table-storage")
    yield Item(PART, "point-in-time recovery", rows, "table-recovery")
    yield Item(PART, "KMS keys", keys(settings), "key")
    yield Item(PART, "uses of keys", requests * KEY_REQUESTS_PER_REQUEST / 10_000, "key-requests")
    yield Item(PART, "the Globus client's secret", 1, "secret")
    read = volumes.authorizer_calls(settings, load) / CALLS_PER_SECRET_READ
    yield Item(PART, "reads of the secret", read / 10_000, "secret-requests")
    if logged := decisions(settings):
        stored = logged * settings.log_retention_days / _DAYS
        yield Item(PART, "logs in buckets", stored, "bucket-storage")
        yield Item(PART, "writes to buckets", logged * GIB / BYTES_OF_A_LOG_OBJECT / 1000, "bucket-writes")


def _rows(settings: Settings, load: Load) -> float:
    """Return the GiB of both tables, once the audit is as old as it gets."""
    lines = volumes.other_requests(load) * AUDITED_PER_REQUEST * settings.audit_days / _DAYS
    return (load.users * BYTES_OF_A_USER + lines * BYTES_OF_AN_AUDIT_LINE) / GIB
