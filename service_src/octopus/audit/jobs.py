"""What the web service does for the audit in the background."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from octopus import aws
from octopus.access.store import GrantStore
from octopus.addresses import Addresses
from octopus.audit.denials import Denials
from octopus.audit.mail import Post
from octopus.audit.notices import open_notices
from octopus.audit.publishing import Publisher
from octopus.audit.trail import Trail
from octopus.audit.warnings import Warnings
from octopus.jobs import Job
from octopus.kafka.system_topic import SystemTopic
from octopus.metrics.instruments import Instruments
from octopus.projects.store import ProjectStore
from octopus.registry.ends import Ends
from octopus.settings import ServiceSettings

_PUBLISHES_EVERY_S = 1.0
"""How long after a change its event is on the system topic, at most, while the brokers take it."""
_SHIPS_EVERY_S = 2.0
"""How long after a broker wrote a refusal down it is in the audit, at most."""
_WARNS_EVERY_S = 300.0
_MAILS_EVERY_S = 30.0


def jobs(
    settings: ServiceSettings,
    addresses: Addresses,
    *,
    topic: SystemTopic,
    trail: Trail,
    instruments: Instruments,
) -> Iterator[Job]:
    """Publishing and warnings; mail where there is a sender, brokers' refusals where there are logs.

    Args:
        settings: of the deployment.
        addresses: of the same one.
        topic: where events are published.
        trail: of the deployment.
        instruments: of the service.
    """
    database, table = aws.dynamodb(), settings.registry_table
    publisher = Publisher(database, table, topic, source=lambda: f"{addresses.public_url()}/api/v3/audit")
    instruments.follow("AuditWaitingSeconds", publisher.waiting_s)
    yield Job("publish events", _PUBLISHES_EVERY_S, publisher.run, publisher.due)
    warnings = Warnings(
        ends=Ends(database, table),
        grants=GrantStore(database, table),
        projects=ProjectStore(database, table),
        notices=open_notices(settings),
        days=settings.warning_days,
    )
    yield Job("warn of ends", _WARNS_EVERY_S, warnings.run)
    if settings.mail_from:
        yield Job("mail", _MAILS_EVERY_S, Post(database, table, aws.ses(), sender=settings.mail_from).send)
    logs = [Path(name) for name in settings.broker_audit_logs.split(",") if name]
    if logs:
        denials = Denials(database, table, trail, logs)
        # Other replicas may be on other hosts, with logs of their own.
        yield Job(f"refusals on {socket.gethostname()}", _SHIPS_EVERY_S, denials.run)
