"""What outlives every deployment: tables, keys, bucket, boundary, and the platform's principals."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Duration, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks import lifetime, told
from stacks.constructs import own_metrics, parameters
from stacks.constructs.alarm_topic import AlarmTopic
from stacks.constructs.archive_bucket import ArchiveBucket
from stacks.constructs.client_role import ClientRole
from stacks.constructs.credential_store import CredentialStore
from stacks.constructs.globus_secret import GlobusSecret
from stacks.constructs.kafka_cluster import KafkaCluster
from stacks.constructs.log_bucket import LogBucket
from stacks.constructs.mail_sender import MailSender
from stacks.constructs.platform_principal import PlatformPrincipal
from stacks.constructs.principal_boundary import PATH, PrincipalBoundary
from stacks.constructs.registry import Registry
from stacks.settings import Settings


class FoundationStack(Stack):
    """The state of one institution's fabric. Protected against termination unless data may be lost."""

    service_role: iam.IRole | None
    """Role of the web service's tasks; none where it runs off AWS, as an IAM user."""
    told: Mapping[str, str]
    """What the platform's processes are told, by the last part of its parameter's name."""
    log_bucket: s3.IBucket
    """Where access logs of buckets and of the balancer go."""
    alarm_topic: sns.ITopic
    """Where alarms go."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        env: Environment | None = None,
        cluster_uuid: str | None = None,
    ) -> None:
        """Make it.

        Args:
            cluster_uuid: end of the ARN of the MSK cluster; none where somebody else runs the brokers.
        """
        super().__init__(
            scope,
            id_,
            env=env,
            description=f"Octopus {settings.institution}: registry, credentials, archive, principals",
            termination_protection=not settings.allow_data_loss,
        )
        self._make_tables(settings)
        self._make_buckets(settings)
        self.cluster = KafkaCluster(
            self,
            "Cluster",
            cluster_name=settings.cluster_name,
            cluster_uuid=cluster_uuid or settings.cluster_uuid,
        )
        self.alarm_topic = AlarmTopic(
            self,
            "Alarms",
            name=settings.named("alarms"),
            mail=settings.alarm_mail,
            removal_policy=lifetime.of_data(settings),
        ).topic

        service = self._service(settings)
        self.service_role = service.role
        users = self._users(settings, service)
        client_role = ClientRole(
            self,
            "ClientRole",
            role_name=settings.named("client"),
            cluster=self.cluster,
            trusted_arn=service.arn,
        )
        client_role.grant_assume(service.policy)
        if not settings.in_fargate:
            self._make_heartbeat(settings)

        self.told = {
            "registry_table": self.registry.table.table_name,
            "credentials_table": self.credentials.table.table_name,
            "credentials_key_arn": self.credentials.key.key_arn,
            "archive_bucket": self.archive.bucket.bucket_name,
            "client_role_arn": client_role.arn,
            "cluster_arn": self.cluster.arn,
            **users,
            **told.of_settings(settings),
        }
        parameters.Parameters(self, "Parameters", institution=settings.institution, values=self.told)

    def _make_tables(self, settings: Settings) -> None:
        kept = lifetime.of_data(settings)
        self.registry = Registry(self, "Registry", table_name=settings.named("registry"), removal_policy=kept)
        self.credentials = CredentialStore(
            self,
            "CredentialStore",
            table_name=settings.named("credentials"),
            alias_name=f"alias/{settings.named('credentials')}",
            removal_policy=kept,
        )

    def _make_buckets(self, settings: Settings) -> None:
        kept = lifetime.of_data(settings)
        # Names of buckets are all customers' together.
        here = f"{Aws.ACCOUNT_ID}-{Aws.REGION}"
        logs = LogBucket(
            self,
            "Logs",
            bucket_name=f"{settings.named('logs')}-{here}",
            retention=Duration.days(settings.log_retention_days),
            removal_policy=kept,
        )
        if settings.in_fargate:
            logs.grant_balancers()
        self.log_bucket = logs.bucket
        self.archive = ArchiveBucket(
            self,
            "Archive",
            bucket_name=f"{settings.named('archive')}-{here}",
            infrequent_days=settings.archive_infrequent_days,
            old_version_days=settings.archive_old_version_days,
            access_logs=self.log_bucket,
            removal_policy=kept,
        )

    def _service(self, settings: Settings) -> PlatformPrincipal:
        """Return the principal of the web service, with everything but what it may do with users."""
        institution = settings.institution
        service = PlatformPrincipal(
            self,
            "ServicePrincipal",
            name=settings.named("service"),
            institution=institution,
            in_tasks=settings.in_fargate,
        )
        self.registry.grant_read_write(service.policy)
        self.credentials.grant_issue(service.policy)
        self.cluster.grant_administer(service.policy)
        own_metrics.grant_put(service.policy, institution=institution)
        self._grant_find_addresses(settings, service)
        GlobusSecret(self, "GlobusSecret", secret_name=settings.globus_secret_name).grant_read(service.policy)
        if settings.mail_from:
            MailSender(self, "MailSender", address=settings.mail_from).grant_send(service.policy)
        return service

    def _make_heartbeat(self, settings: Settings) -> None:
        """Make the principal of the process that looks whether everything works, where that is off AWS."""
        institution = settings.institution
        heartbeat = PlatformPrincipal(
            self, "HeartbeatPrincipal", name=settings.named("heartbeat"), institution=institution
        )
        self.cluster.grant_send_heartbeat(heartbeat.policy)
        self.registry.grant_tell_status(heartbeat.policy)
        own_metrics.grant_put(heartbeat.policy, institution=institution)
        self._grant_find_addresses(settings, heartbeat)

    def _grant_find_addresses(self, settings: Settings, principal: PlatformPrincipal) -> None:
        """Let it ask where brokers and gateway are, as far as the settings do not say."""
        if settings.on_msk:
            self.cluster.grant_find_brokers(principal.policy)
        if not settings.public_url:
            parameters.grant_read(
                principal.policy, self, institution=settings.institution, name=parameters.GATEWAY_URL
            )

    def _users(self, settings: Settings, service: PlatformPrincipal) -> Mapping[str, str]:
        """Let the service make IAM users, where people sign as such; return what it is told of them."""
        if settings.credentials == "session":
            return {}
        institution = settings.institution
        boundary = PrincipalBoundary(
            self,
            "PrincipalBoundary",
            policy_name=settings.named("principal-boundary"),
            institution=institution,
            cluster=self.cluster,
        )
        boundary.grant_make_principals(service.policy_about("users"))
        if not settings.on_msk:
            # Brokers that know nothing of IAM ask the judge.
            judge = PlatformPrincipal(
                self, "JudgePrincipal", name=settings.named("judge"), institution=institution
            )
            self.credentials.grant_verify(judge.policy)
            judge.grant_read_principals(PATH, f"/octopus/{institution}/")
            boundary.grant_find_absent(judge.policy, "iam:GetUser")
        return {"principal_boundary_arn": boundary.arn}
