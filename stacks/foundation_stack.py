"""What outlives every deployment: tables, keys, bucket, boundary, and the platform's principals."""

from __future__ import annotations

from aws_cdk import Aws, Environment, Stack
from constructs import Construct

from stacks import lifetime
from stacks.constructs.archive_bucket import ArchiveBucket
from stacks.constructs.ceilings import Ceilings
from stacks.constructs.client_role import ClientRole
from stacks.constructs.credential_store import CredentialStore
from stacks.constructs.globus_secret import GlobusSecret
from stacks.constructs.kafka_cluster import KafkaCluster
from stacks.constructs.mail_sender import MailSender
from stacks.constructs.parameters import Parameters
from stacks.constructs.platform_principal import PlatformPrincipal
from stacks.constructs.principal_boundary import PATH, PrincipalBoundary
from stacks.constructs.registry import Registry
from stacks.settings import Settings

TOLD_AS_GIVEN = (
    "audit_days",
    "groups_held_seconds",
    "groups_poll_seconds",
    "key_unused_days",
    "project_grace_days",
    "public_requests",
    "quota_consume_bytes",
    "quota_groups",
    "quota_partitions",
    "quota_produce_bytes",
    "quota_projects",
    "quota_request_percent",
    "quota_requests",
    "quota_retention_bytes",
    "quota_topics",
    "quota_transactional_ids",
    "quota_unbounded_partition_bytes",
    "service_replicas",
    "topic_message_bytes_most",
    "topic_partitions_most",
    "topic_retention_bytes_most",
    "topic_retention_hours_most",
    "warning_days",
)
"""Settings that the platform's processes read as the operator gave them."""
TOLD_IF_GIVEN = ("bootstrap_servers", "cli_client_id", "globus_client_id", "mail_from", "public_url")
"""The same, where there may be nothing to tell."""


class FoundationStack(Stack):
    """The state of one institution's fabric. Protected against termination unless data may be lost."""

    def __init__(
        self, scope: Construct, id_: str, *, settings: Settings, env: Environment | None = None
    ) -> None:
        super().__init__(
            scope,
            id_,
            env=env,
            description=f"Octopus {settings.institution}: registry, credentials, archive, principals",
            termination_protection=not settings.allow_data_loss,
        )
        kept = lifetime.of_data(settings)
        institution = settings.institution

        self.registry = Registry(self, "Registry", table_name=settings.named("registry"), removal_policy=kept)
        self.credentials = CredentialStore(
            self,
            "CredentialStore",
            table_name=settings.named("credentials"),
            alias_name=f"alias/{settings.named('credentials')}",
            removal_policy=kept,
        )
        self.archive = ArchiveBucket(
            self,
            "Archive",
            bucket_name=f"{settings.named('archive')}-{Aws.ACCOUNT_ID}-{Aws.REGION}",
            removal_policy=kept,
        )
        self.cluster = KafkaCluster(
            self, "Cluster", cluster_name=f"octopus-{institution}", cluster_uuid=settings.cluster_uuid
        )
        self.boundary = PrincipalBoundary(
            self,
            "PrincipalBoundary",
            policy_name=settings.named("principal-boundary"),
            institution=institution,
            cluster=self.cluster,
        )
        globus_secret = GlobusSecret(self, "GlobusSecret", secret_name=settings.globus_secret_name)

        service = PlatformPrincipal(
            self, "ServicePrincipal", name=settings.named("service"), institution=institution
        )
        self.registry.grant_read_write(service.policy)
        self.credentials.grant_issue(service.policy)
        self.boundary.grant_make_principals(service.policy)
        self.cluster.grant_administer(service.policy)
        globus_secret.grant_read(service.policy)
        Ceilings(self, "Ceilings", institution=institution).grant_measure(service.policy)
        if settings.mail_from:
            MailSender(self, "MailSender", address=settings.mail_from).grant_send(service.policy)
        client_role = ClientRole(
            self,
            "ClientRole",
            role_name=settings.named("client"),
            cluster=self.cluster,
            trusted=service.user,
        )
        client_role.grant_assume(service.policy)

        judge = PlatformPrincipal(
            self, "JudgePrincipal", name=settings.named("judge"), institution=institution
        )
        self.credentials.grant_verify(judge.policy)
        judge.grant_read_principals(PATH, f"/octopus/{institution}/")
        self.boundary.grant_find_absent(judge.policy, "iam:GetUser")

        Parameters(
            self,
            "Parameters",
            institution=institution,
            values={
                "institution": institution,
                "registry_table": self.registry.table.table_name,
                "credentials_table": self.credentials.table.table_name,
                "credentials_key_arn": self.credentials.key.key_arn,
                "archive_bucket": self.archive.bucket.bucket_name,
                "principal_boundary_arn": self.boundary.arn,
                "client_role_arn": client_role.arn,
                "cluster_arn": self.cluster.arn,
                "globus_secret_name": settings.globus_secret_name,
                "globus_auth_url": f"{settings.globus_auth_url}/",
                "globus_groups_url": f"{settings.globus_groups_url}/",
                # SSM takes no empty value.
                **{name: value for name in TOLD_IF_GIVEN if (value := getattr(settings, name))},
                **(
                    {"browser_origins": ",".join(settings.browser_origins)}
                    if settings.browser_origins
                    else {}
                ),
                **{name: str(getattr(settings, name)) for name in TOLD_AS_GIVEN},
            },
        )
