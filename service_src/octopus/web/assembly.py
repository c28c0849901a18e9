"""The features of one fabric, wired to AWS and Kafka."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.credentials import Credentials as AwsKey

from octopus import aws
from octopus.accounts.principal import Principals
from octopus.accounts.service import Accounts
from octopus.accounts.store import AccountStore
from octopus.credentials.keys import Keys
from octopus.credentials.service import open_credentials
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.client import client_settings
from octopus.registry.leases import Leases
from octopus.settings import ServiceSettings
from octopus.topics.service import Topics
from octopus.topics.store import TopicStore
from octopus.web.background import Job


@dataclass(frozen=True)
class Features:
    """What the routes, the background and whoever repairs a fabric work with."""

    accounts: Accounts
    keys: Keys
    topics: Topics
    kafka: TopicAdmin
    leases: Leases
    jobs: tuple[Job, ...] = ()
    """What the web service does in the background."""

    def close(self) -> None:
        """Leave Kafka."""
        self.kafka.close()


def assemble(settings: ServiceSettings, *, kafka_key: AwsKey | None = None) -> Features:
    """The features of the fabric that the settings describe. Nothing is connected to before it is used.

    Args:
        settings: of the deployment.
        kafka_key: AWS key to sign Kafka tokens with; boto3's default chain when None.
    """
    kafka = TopicAdmin(
        lambda: client_settings(
            bootstrap_servers=settings.bootstrap_servers,
            ca_file=settings.kafka_ca_file,
            credentials=kafka_key,
        ),
        replication_factor=settings.replication_factor,
    )
    database = aws.dynamodb()
    leases = Leases(database, settings.registry_table)
    topics = Topics(store=TopicStore(database, settings.registry_table), leases=leases, kafka=kafka)
    credentials = open_credentials(settings)
    principals = Principals(
        aws.iam(),
        institution=settings.institution,
        boundary_arn=settings.principal_boundary_arn,
        cluster_arn=settings.cluster_arn,
    )
    accounts = Accounts(
        store=AccountStore(database, settings.registry_table),
        leases=leases,
        principals=principals,
        credentials=credentials,
        topics=topics,
    )
    keys = Keys(accounts=accounts, principals=principals, credentials=credentials)
    return Features(accounts, keys, topics, kafka, leases)
