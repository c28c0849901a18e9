"""Logs, metrics, alarms, the dashboard and mail."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost import heartbeat, network, state, volumes
from stacks.cost.assumptions import (
    ACCOUNT_METRIC_REQUESTS,
    ALARM_MAILS,
    BROKER_METRICS,
    GIB,
    HOURS,
    LOG_BYTES_PER_REQUEST,
    LOG_COMPRESSION,
    LOG_GIB_PER_BROKER,
    MAILS_PER_USER,
    METRIC_BYTES_PER_TOKEN,
    METRIC_LINE_BYTES,
    REJECTION_GIB_PER_ADDRESS,
)
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.monitoring import own, rules
from stacks.monitoring.series import Installed
from stacks.settings import Settings

PART = "watching"
_MONTHS_PER_DAY = 24 / HOURS


def alarms(settings: Settings) -> int:
    """Return the metrics that alarms of the stacks stand on, each of which is charged as an alarm.

    Source: Amazon CloudWatch pricing, "Alarms".
    """
    # By as many names as there are gateways: what they are called is not known before they are made.
    installed = Installed(settings=settings, nat_gateways=("",) * network.nat_gateways(settings))
    return sum(len(part) for rule in rules.alarms_of(settings) for part in rule.of(installed))


def scaling_alarms(settings: Settings) -> int:
    """Return the alarms that scaling policies make: above and below for tasks, above alone for storage.

    Source: Application Auto Scaling User Guide, "Target tracking scaling policies".
    """
    return 2 * settings.in_fargate + (settings.broker_storage_most_gib > 0)


def metrics(settings: Settings) -> int:
    """Return the metrics that are paid for: brokers' beyond the default, and our own."""
    of_brokers = BROKER_METRICS.get(settings.kafka, 0) * settings.broker_count
    detailed = of_brokers if settings.kafka_monitoring == "per-broker" else 0
    return detailed + len(own.emitted(settings))


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
    yield Item(PART, "metrics", metrics(settings), "metric")
    yield Item(PART, "calls that write metrics", _calls(settings) / 1000, "metric-requests")
    yield Item(PART, "alarms", alarms(settings) + scaling_alarms(settings), "alarm")
    yield Item(PART, "dashboard", 1, "dashboard")
    if settings.alarm_mail:
        mails = len(settings.alarm_mail) * ALARM_MAILS
        yield Item(PART, "mail of alarms", mails / 100_000, "notification-mail")
    if settings.mail_from:
        yield Item(PART, "mail to people", load.users * MAILS_PER_USER / 1000, "mail")


def _calls(settings: Settings) -> float:
    """Return the calls that write metrics: of who beats, of who reads the beat over HTTPS, of the account."""
    return heartbeat.BEATS * (1 + settings.heartbeat_over_https + ACCOUNT_METRIC_REQUESTS)


def _lines(settings: Settings, load: Load) -> float:
    asked = volumes.authorizer_calls(settings, load)
    lines = volumes.requests(load) * (2 if settings.in_fargate else 1) + asked
    tasks = load.tasks if settings.in_fargate else 0
    counted = asked * METRIC_BYTES_PER_TOKEN + tasks * heartbeat.BEATS * METRIC_LINE_BYTES
    return (lines * LOG_BYTES_PER_REQUEST + counted) / GIB


def _vended(settings: Settings, load: Load) -> float:
    logged = settings.kafka in ("msk-standard", "msk-express")
    of_brokers = settings.broker_count * LOG_GIB_PER_BROKER if logged else 0
    seen = settings.on_msk and not settings.vpc_id
    of_network = network.public_addresses(settings, load) * REJECTION_GIB_PER_ADDRESS if seen else 0
    return of_brokers + of_network
