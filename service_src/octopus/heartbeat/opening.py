"""The heartbeat of one deployment, as a process of its own or among the web service's jobs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from botocore.config import Config

from octopus import aws
from octopus.addresses import Addresses, open_addresses
from octopus.errors import UnavailableError
from octopus.heartbeat import certificates, web_probe
from octopus.heartbeat.kafka_probe import KafkaProbe
from octopus.heartbeat.names import EVERY_S, FULL_NAME
from octopus.heartbeat.service import Heartbeat, Probes
from octopus.heartbeat.web_probe import HttpsFound
from octopus.jobs import Job
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.client import own_client, token_region
from octopus.kafka.servers import Address, parse_servers
from octopus.metrics.put import PutMetrics
from octopus.settings import HeartbeatSettings, ServiceSettings
from octopus.status.models import Part
from octopus.status.store import StatusStore

_CONFIGS = {
    "cleanup.policy": "delete",
    "retention.ms": str(int(timedelta(days=1) / timedelta(milliseconds=1))),
}
_TOPIC_EVERY_S = 10.0
_HTTPS_PORT = 443
_TELLING = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
"""With what a look at Kafka takes, the lease of a job outlives either of the two that does not answer."""


def open_process(settings: HeartbeatSettings) -> Heartbeat:
    """All of it, told to the registry, to CloudWatch and to the settings' file."""
    addresses = open_addresses(settings)

    def https() -> HttpsFound:
        try:
            return web_probe.newest_event(addresses.public_url())
        except UnavailableError:
            return HttpsFound(answers=False)

    def readiness() -> Mapping[str, bool] | None:
        try:
            return web_probe.readiness(addresses.public_url())
        except UnavailableError:
            return None

    probes = Probes(
        kafka=_kafka(settings, addresses).look,
        readiness=readiness,
        https=https if settings.public_requests else None,
        certificate_days=lambda: certificates.days_left(_with_certificates(settings, addresses)),
        judge=lambda: (
            not settings.judge_url
            or web_probe.answers(f"{settings.judge_url}/health", ca_file=settings.kafka_ca_file)
        ),
    )
    return Heartbeat(
        probes,
        status=StatusStore(aws.dynamodb(_TELLING), settings.registry_table),
        metrics=PutMetrics(aws.cloudwatch(_TELLING), institution=settings.institution),
        file=settings.heartbeat_file,
    )


def jobs(settings: ServiceSettings, addresses: Addresses, *, kafka: TopicAdmin) -> Iterator[Job]:
    """What the web service does: it keeps the topic and, where no process looks, goes through Kafka itself.

    Args:
        kafka: of the brokers' topics.
    """
    yield Job(
        "heartbeat's topic",
        _TOPIC_EVERY_S,
        lambda: kafka.create(FULL_NAME, configs=_CONFIGS),
        lambda: kafka.describe(FULL_NAME) is None,
    )
    if settings.heartbeat != "service":
        return
    status = StatusStore(aws.dynamodb(_TELLING), settings.registry_table)
    heartbeat = Heartbeat(
        Probes(
            kafka=_kafka(settings, addresses).look,
            readiness=lambda: web_probe.readiness(_own_url(settings)),
        ),
        status=status,
        metrics=PutMetrics(aws.cloudwatch(_TELLING), institution=settings.institution),
    )

    def due() -> bool:
        # All replicas together send one a minute: whoever comes first.
        last = {standing.part: standing.checked for standing in status.read()}.get(Part.KAFKA_SIGN_IN)
        return last is None or datetime.now(UTC) - last >= timedelta(seconds=EVERY_S * 0.9)

    yield Job("heartbeat", EVERY_S / 10, heartbeat.beat, due)


def _kafka(settings: ServiceSettings | HeartbeatSettings, addresses: Addresses) -> KafkaProbe:
    return KafkaProbe(
        servers=lambda: parse_servers(addresses.brokers().inside),
        settings=own_client(settings, addresses),
        credentials=aws.credentials,
        region=token_region(settings),
        ca_file=settings.kafka_ca_file,
    )


def _with_certificates(
    settings: HeartbeatSettings, addresses: Addresses
) -> Iterator[tuple[Address, Path | None]]:
    try:
        for broker in parse_servers(addresses.brokers().inside):
            yield broker, settings.kafka_ca_file
        public = urlsplit(addresses.public_url())
    except UnavailableError:
        return
    if public.scheme == "https" and public.hostname:
        yield Address(public.hostname, public.port or _HTTPS_PORT), None


def _own_url(settings: ServiceSettings) -> str:
    host = settings.listen_host
    with suppress(ValueError):  # of a name
        host = "localhost" if ipaddress.ip_address(host).is_unspecified else host
    return f"http://{Address(host, settings.listen_port)}"
