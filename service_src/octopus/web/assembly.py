"""The features of one fabric, wired to AWS and Kafka."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.credentials import Credentials as AwsKey

from octopus import aws
from octopus.access.refresh import Refreshes
from octopus.access.service import Access
from octopus.accounts.deletion import Deletions
from octopus.accounts.emptying import Emptying
from octopus.accounts.moves import Moves
from octopus.accounts.moves_store import MoveStore
from octopus.accounts.namespace_store import NamespaceStore
from octopus.accounts.namespaces import Namespaces
from octopus.accounts.overview import Overviews
from octopus.accounts.principal import IamPrincipals
from octopus.accounts.principals import Principals, SessionPrincipals
from octopus.accounts.service import Accounts
from octopus.accounts.store import AccountStore
from octopus.accounts.suspension import Suspensions
from octopus.addresses import Addresses, open_addresses
from octopus.audit.publishing import open_topic
from octopus.audit.reading import Reader
from octopus.audit.service import Audit
from octopus.audit.trail import open_trail
from octopus.catalogue.index import Index
from octopus.catalogue.service import Catalogue
from octopus.credentials.keys import Keys
from octopus.credentials.models import KeyRules
from octopus.credentials.service import open_credentials
from octopus.credentials.sessions import Sessions, open_sessions
from octopus.identity.clients import GlobusClients, open_globus
from octopus.identity.links import IdentityLinks
from octopus.identity.people import People
from octopus.jobs import Job
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.client import own_client
from octopus.kafka.groups import GroupAdmin
from octopus.kafka.kinds import KINDS
from octopus.kafka.system_topic import SystemTopic
from octopus.membership.service import open_memberships
from octopus.metrics.instruments import Instruments
from octopus.projects.ending import Endings
from octopus.projects.handover import Handovers
from octopus.projects.members import Members
from octopus.projects.restored import RestoredProjects
from octopus.projects.service import Projects
from octopus.projects.store import ProjectStore
from octopus.quotas.census import Census
from octopus.quotas.models import Limit, limits_of
from octopus.quotas.rates import KafkaRates
from octopus.quotas.service import Quotas
from octopus.quotas.store import QuotaStore
from octopus.registry.leases import Leases
from octopus.settings import ServiceSettings
from octopus.sharing.grantees import Grantees
from octopus.sharing.room import Room
from octopus.sharing.service import Sharing
from octopus.topics.bounds import Bounds
from octopus.topics.configuration import Configuration
from octopus.topics.healing import Healing
from octopus.topics.service import Topics
from octopus.topics.store import TopicStore
from octopus.topics.turns import Turns
from octopus.web.jobs import background_jobs

if TYPE_CHECKING:
    from octopus.kafka.quotas import QuotaAdmin


@dataclass(frozen=True)
class Features:
    """What the routes, the background and whoever repairs a fabric work with."""

    addresses: Addresses
    accounts: Accounts
    overviews: Overviews
    namespaces: Namespaces
    moves: Moves
    suspensions: Suspensions
    keys: Keys
    sessions: Sessions
    topics: Topics
    healing: Healing
    configuration: Configuration
    catalogue: Catalogue
    kafka: TopicAdmin
    events: SystemTopic
    leases: Leases
    access: Access
    quotas: Quotas
    quotas_of_kafka: QuotaAdmin
    rates: KafkaRates
    audit: Audit
    refreshes: Refreshes
    globus: GlobusClients
    links: IdentityLinks
    sharing: Sharing
    projects: Projects
    members: Members
    handovers: Handovers
    endings: Endings
    restored_projects: RestoredProjects
    instruments: Instruments
    """What the web service counts."""
    jobs: tuple[Job, ...]
    """What the web service does in the background."""

    def close(self) -> None:
        """Leave Kafka and Globus."""
        self.events.close()
        self.kafka.close()
        self.quotas_of_kafka.close()
        self.globus.close()


def assemble(settings: ServiceSettings, *, kafka_key: AwsKey | None = None) -> Features:
    """The features of the fabric that the settings describe. Nothing is connected to before it is used.

    Args:
        settings: of the deployment.
        kafka_key: AWS key to sign Kafka tokens with; boto3's default chain when None.
    """
    from octopus.kafka.quotas import QuotaAdmin  # late: it takes half a second, and not every command wires

    addresses = open_addresses(settings)
    client = own_client(settings, addresses, kafka_key)
    replicas = KINDS[settings.kafka].replicas or settings.replication_factor
    kafka = TopicAdmin(client, replication_factor=replicas)
    return wire(
        settings,
        addresses=addresses,
        kafka=kafka,
        groups=GroupAdmin(kafka.connected),
        quotas_of_kafka=QuotaAdmin(client),
        events=open_topic(settings, kafka, client),
    )


def wire(
    settings: ServiceSettings,
    *,
    addresses: Addresses,
    kafka: TopicAdmin,
    groups: GroupAdmin,
    quotas_of_kafka: QuotaAdmin,
    events: SystemTopic,
    clock: Callable[[], float] = time.time,
) -> Features:
    """The features on top of these brokers.

    Args:
        settings: of the deployment.
        addresses: of the same one.
        kafka: of the brokers' topics.
        groups: of the same brokers' groups.
        quotas_of_kafka: of the same brokers' client quotas.
        events: on the same brokers, where the audit is published.
        clock: seconds since the epoch, by which leases live and what is pending falls due.
    """
    database = aws.dynamodb()
    instruments = Instruments("service")
    leases = Leases(database, settings.registry_table, clock=clock)
    trail = open_trail(settings)
    refreshes = Refreshes(
        database,
        settings.registry_table,
        refresh=lambda subject: accounts.refresh(subject),
        clock=clock,
    )
    globus = open_globus(settings)
    memberships = open_memberships(
        settings, globus=globus, leases=leases, refreshes=refreshes, trail=trail, clock=clock
    )
    links = IdentityLinks(database, settings.registry_table, refreshes=refreshes, trail=trail, clock=clock)
    access = Access(database, settings.registry_table, trail=trail, refreshes=refreshes, clock=clock)
    store = AccountStore(database, settings.registry_table, clock=clock)
    limits = limits_of(settings)
    quota_store = QuotaStore(
        database,
        settings.registry_table,
        unbounded_partition_bytes=settings.quota_unbounded_partition_bytes,
    )
    kind = KINDS[settings.kafka]
    quotas = Quotas(
        store=quota_store,
        leases=leases,
        trail=trail,
        defaults=limits,
        groups=groups,
        kafka=quotas_of_kafka,
        ids_listed=kind.takes_quotas,
    )
    rates = KafkaRates(store=quota_store, kafka=quotas_of_kafka, defaults=limits, taken=kind.takes_quotas)
    census = Census(store=quota_store, trail=trail, counts=quotas.counts, defaults=limits)
    turns = Turns(
        store=TopicStore(database, settings.registry_table, clock=clock),
        leases=leases,
        access=access,
        quotas=quotas,
        trail=trail,
    )
    bounds = Bounds.of(settings)
    topics = Topics(turns=turns, kafka=kafka, bounds=bounds)
    healing = Healing(turns=turns, kafka=kafka)
    credentials = open_credentials(settings)
    principals = _principals(settings)
    suspensions = Suspensions(
        store=store,
        leases=leases,
        principals=principals,
        credentials=credentials,
        access=access,
        refreshes=refreshes,
        trail=trail,
    )
    emptying = Emptying(topics=topics, groups=groups, access=access)
    deletions = Deletions(
        store=store,
        leases=leases,
        principals=principals,
        credentials=credentials,
        emptying=emptying,
        access=access,
        refreshes=refreshes,
        quotas=quotas,
        links=links,
        trail=trail,
        last_requests_s=settings.last_requests_s,
    )
    accounts = Accounts(
        store=store,
        leases=leases,
        principals=principals,
        credentials=credentials,
        topics=topics,
        healing=healing,
        access=access,
        deletions=deletions,
        suspensions=suspensions,
        trail=trail,
    )
    namespaces = Namespaces(
        store=NamespaceStore(database, settings.registry_table, clock=clock),
        leases=leases,
        accounts=accounts,
        access=access,
        refreshes=refreshes,
        emptying=emptying,
        trail=trail,
        last_requests_s=settings.last_requests_s,
    )
    moves = Moves(
        store=store,
        moves=MoveStore(database, settings.registry_table, clock=clock),
        leases=leases,
        accounts=accounts,
        credentials=credentials,
        deletions=deletions,
        refreshes=refreshes,
        trail=trail,
    )
    people = People(globus)
    grantees = Grantees(people, memberships)
    room = Room(access, principals.policy_sha256)
    project_store = ProjectStore(database, settings.registry_table, clock=clock)
    projects = Projects(
        store=project_store,
        leases=leases,
        access=access,
        refreshes=refreshes,
        trail=trail,
        kafka=kafka,
        groups=groups,
        bounds=bounds,
        most_made=lambda subject: quotas.limit(subject, Limit.PROJECTS),
        grace=timedelta(days=settings.project_grace_days),
        clock=clock,
    )
    endings = Endings(
        store=project_store,
        leases=leases,
        access=access,
        refreshes=refreshes,
        trail=trail,
        emptying=emptying,
        last_requests_s=settings.last_requests_s,
    )
    keys = Keys(
        accounts=accounts,
        principals=principals,
        credentials=credentials,
        quotas=quotas,
        rules=KeyRules.of(settings),
        instruments=instruments,
    )
    sessions = open_sessions(
        settings, accounts=accounts, access=access, quotas=quotas, instruments=instruments
    )
    jobs = background_jobs(
        settings,
        access=access,
        accounts=accounts,
        addresses=addresses,
        census=census,
        endings=endings,
        events=events,
        healing=healing,
        instruments=instruments,
        kafka=kafka,
        keys=keys,
        memberships=memberships,
        namespaces=namespaces,
        projects=projects,
        rates=rates,
        refreshes=refreshes,
        trail=trail,
    )
    return Features(
        addresses=addresses,
        accounts=accounts,
        overviews=Overviews(accounts=accounts, keys=keys, access=access, emptying=emptying, people=people),
        namespaces=namespaces,
        moves=moves,
        suspensions=suspensions,
        keys=keys,
        sessions=sessions,
        topics=topics,
        healing=healing,
        configuration=Configuration(turns=turns, kafka=kafka, bounds=bounds),
        catalogue=Catalogue(
            index=Index(database, settings.registry_table), topics=turns.store, access=access
        ),
        kafka=kafka,
        events=events,
        leases=leases,
        access=access,
        quotas=quotas,
        quotas_of_kafka=quotas_of_kafka,
        rates=rates,
        audit=Audit(Reader(database, settings.registry_table, kept_days=settings.audit_days), access),
        refreshes=refreshes,
        globus=globus,
        links=links,
        sharing=Sharing(
            access=access,
            grantees=grantees,
            room=room,
            people=people,
            find_topic=turns.find,
            table=settings.registry_table,
            clock=clock,
        ),
        projects=projects,
        members=Members(access=access, leases=leases, grantees=grantees, room=room, clock=clock),
        handovers=Handovers(
            store=project_store, leases=leases, access=access, grantees=grantees, room=room, clock=clock
        ),
        endings=endings,
        restored_projects=RestoredProjects(
            store=project_store, leases=leases, refreshes=refreshes, trail=trail
        ),
        instruments=instruments,
        jobs=jobs,
    )


def _principals(settings: ServiceSettings) -> Principals:
    if settings.credentials == "session":
        return SessionPrincipals()
    return IamPrincipals(
        aws.iam(),
        institution=settings.institution,
        boundary_arn=settings.principal_boundary_arn,
        cluster_arn=settings.cluster_arn,
    )
