"""What the web service does in the background, and how often."""

from __future__ import annotations

from collections.abc import Iterator

from octopus import aws
from octopus.access.refresh import Refreshes
from octopus.access.service import Access
from octopus.accounts.ceilings import Ceilings
from octopus.accounts.namespaces import Namespaces
from octopus.accounts.service import Accounts
from octopus.accounts.upkeep import EVERY_S as POLICIES_EVERY_S
from octopus.accounts.upkeep import policies
from octopus.addresses import Addresses
from octopus.audit.jobs import jobs as audit_jobs
from octopus.audit.trail import Trail
from octopus.credentials.keys import Keys
from octopus.credentials.upkeep import Upkeep
from octopus.heartbeat.opening import jobs as heartbeat_jobs
from octopus.identity.secret_age import SecretAge
from octopus.jobs import Job
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.system_topic import SystemTopic
from octopus.membership.service import TICK_S, Memberships
from octopus.metrics.instruments import Instruments
from octopus.metrics.put import PutMetrics
from octopus.projects.ending import Endings
from octopus.projects.service import Projects
from octopus.quotas.census import Census
from octopus.quotas.rates import KafkaRates
from octopus.quotas.service import AGAIN_S
from octopus.settings import ServiceSettings
from octopus.topics.healing import Healing

_HEALS_EVERY_S = 5.0
"""How long after it is due a change that was begun is gone on with, at most; asking is one small query."""

_REFRESHES_EVERY_S = 1.0
"""How long after it is due a change of rights is carried into policies, at most."""

_RATES_EVERY_S = 15.0
"""How long after a rate was set, or the number of brokers changed, Kafka holds people to it, at most."""

_ACCOUNT_EVERY_S = 600.0
"""How often the AWS account is looked at: nobody fills the last fifth of a ceiling in less, and alarms have
fifteen minutes for a value."""

_KEYS_EVERY_S = 5.0
"""How long after some accounts' keys were looked at the next ones' are."""


def background_jobs(
    settings: ServiceSettings,
    *,
    access: Access,
    accounts: Accounts,
    addresses: Addresses,
    census: Census,
    endings: Endings,
    events: SystemTopic,
    healing: Healing,
    instruments: Instruments,
    kafka: TopicAdmin,
    keys: Keys,
    memberships: Memberships,
    namespaces: Namespaces,
    projects: Projects,
    rates: KafkaRates,
    refreshes: Refreshes,
    trail: Trail,
) -> tuple[Job, ...]:
    """All jobs of a fabric; each is done by one replica at a time."""
    up_to_date = policies(accounts)
    return (
        Job("refresh policies", _REFRESHES_EVERY_S, refreshes.work_off, refreshes.due),
        Job("end grants", _HEALS_EVERY_S, access.end_due),
        Job("groups", TICK_S, memberships.poll),
        Job("heal accounts", _HEALS_EVERY_S, accounts.heal_all),
        Job("heal namespaces", _HEALS_EVERY_S, namespaces.heal_all),
        Job("keys", _KEYS_EVERY_S, Upkeep(accounts, keys, unused_days=settings.key_unused_days).run),
        Job("policies", POLICIES_EVERY_S, up_to_date.run, up_to_date.due),
        Job("heal topics", _HEALS_EVERY_S, healing.heal_all),
        Job("client quotas", _RATES_EVERY_S, rates.align),
        Job("count at Kafka", AGAIN_S, census.take),
        *_account_jobs(settings),
        Job("end projects", _HEALS_EVERY_S, endings.heal_all),
        Job("freeze projects", _HEALS_EVERY_S, projects.freeze_due),
        *heartbeat_jobs(settings, addresses, kafka=kafka),
        *audit_jobs(settings, addresses, topic=events, trail=trail, instruments=instruments),
    )


def _account_jobs(settings: ServiceSettings) -> Iterator[Job]:
    """Of what people do with the AWS account, and what they should do with its secret."""
    metrics = PutMetrics(aws.cloudwatch(), institution=settings.institution)
    if settings.credentials != "session":
        ceilings = Ceilings(aws.iam(), metrics, warn_percent=settings.alarm_ceiling_percent)
        yield Job("ceilings", _ACCOUNT_EVERY_S, ceilings.measure)
    if settings.globus_client_id:
        age = SecretAge(aws.secretsmanager(), metrics, name=settings.globus_secret_name)
        yield Job("age of the Globus secret", _ACCOUNT_EVERY_S, age.measure)
