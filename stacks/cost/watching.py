"""Logs, metrics, alarms and mail."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost import network, state, volumes
from stacks.cost.assumptions import (
    ALARM_MAILS,
    BROKER_METRICS,
    GIB,
    HOURS,
    LOG_BYTES_PER_REQUEST,
    LOG_COMPRESSION,
    LOG_GIB_PER_BROKER,
    MAILS_PER_USER,
    REJECTION_GIB_PER_ADDRESS,
)
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.settings import Settings

PART = "watching"
_MONTHS_PER_DAY = 24 / HOURS


def alarms(settings: Settings) -> int:
    """Return the alarms that the stacks make: of each ceiling of IAM, where people sign as its users."""
    return 2 if settings.credentials == "iam-user" else 0


def scaling_alarms(settings: Settings) -> int:
    """Return the alarms that scaling policies make: above and below for tasks, above alone for storage.

    Source: Application Auto Scaling User Guide, "Target tracking scaling policies".
    """
    return 2 * settings.in_fargate + (settings.broker_storage_most_gib > 0)


def metrics(settings: Settings) -> int:
    """Return the metrics that are paid for: brokers' beyond the default, and our own."""
    of_brokers = BROKER_METRICS.get(settings.kafka, 0) * settings.broker_count
    detailed = of_brokers if settings.kafka_monitoring == "per-broker" else 0
    # Our own are those of the alarms about ceilings.
    return detailed + alarms(settings)


def items(settings: Settings, load: Load) -> Iterator[Item]:
    """Yield what a month of it takes."""
    lines, vended = _lines(settings, load), _vended(settings, load)
    yield Item(PART, "logs of gateway, authorizer and service", lines, "logs-in")
    if vended:
        yield Item(PART, "logs of brokers and network", vended, "vended-logs-in")
    if logged := state.decisions(settings):
        yield Item(PART, "logs of who is let in, to a bucket", logged, "vended-logs-to-bucket")
    stored = (lines + vended) * LOG_COMPRESSION * settings.log_retention_days * _MONTHS_PER_DAY
    yield Item(PART, "logs kept", stored, "logs-stored")
    if paid := metrics(settings):
        yield Item(PART, "metrics", paid, "metric")
    if made := alarms(settings) + scaling_alarms(settings):
        yield Item(PART, "alarms", made, "alarm")
    if settings.alarm_mail:
        mails = len(settings.alarm_mail) * ALARM_MAILS
        yield Item(PART, "mail of alarms", mails / 100_000, "notification-mail")
    if settings.mail_from:
        yield Item(PART, "mail to people", load.users * MAILS_PER_USER / 1000, "mail")


def _lines(settings: Settings, load: Load) -> float:
    requests = volumes.requests(load) * (2 if settings.in_fargate else 1)
    return (requests + volumes.authorizer_calls(settings, load)) * LOG_BYTES_PER_REQUEST / GIB


def _vended(settings: Settings, load: Load) -> float:
    logged = settings.kafka in ("msk-standard", "msk-express")
    of_brokers = settings.broker_count * LOG_GIB_PER_BROKER if logged else 0
    seen = settings.on_msk and not settings.vpc_id
    of_network = network.public_addresses(settings, load) * REJECTION_GIB_PER_ADDRESS if seen else 0
    return of_brokers + of_network
