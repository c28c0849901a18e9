"""The heartbeat over HTTPS: what a user of the public address finds, each minute, from outside the VPC."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs import own_metrics
from stacks.constructs.registry import Registry
from stacks.constructs.source_function import source_function

SOURCE = Path(__file__).parents[2] / "lambda_src" / "heartbeat"
_LATEST = Duration.minutes(1)
"""A beat that comes later says nothing that the next one does not."""


class Heartbeat(Construct):
    """A function that reads the newest event of ``octopus.heartbeat`` each minute, by the public address.

    It writes the metrics ``HttpsAnswers``, ``HttpsSeconds``, ``FreshnessSeconds`` and ``CertificateDays``,
    and tells the registry whether the part ``https`` works. It may do that and write its log, nothing else.

    For ``settings.in_fargate and settings.heartbeat_over_https``. In Fargate nobody else writes these
    metrics: where it is not made no alarm may stand on them. Elsewhere the heartbeat's process does.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        institution: str,
        public_url: str,
        registry: Registry,
        log_retention: logs.RetentionDays,
    ) -> None:
        """Make it.

        Args:
            public_url: at which users call the gateway, as `ServiceStack.url` says it.
            registry: the foundation's.
            log_retention: of its log, which goes with it: what it found is in metrics and registry.
        """
        super().__init__(scope, id_)
        self.function, role = source_function(
            self,
            source=SOURCE,
            description="Reads the newest heartbeat as a user does, and says whether that works",
            # Above its two requests and three of AWS's, below the minute in which the next one begins.
            timeout=Duration.seconds(50),
            environment={
                "OCTOPUS_INSTITUTION": institution,
                "OCTOPUS_PUBLIC_URL": public_url,
                "OCTOPUS_REGISTRY_TABLE": registry.table.table_name,
            },
            log_retention=log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        # Lambda's own retries, of what failed and of what found no room to run.
        self.function.configure_async_invoke(retry_attempts=0, max_event_age=_LATEST)
        registry.grant_tell_status(role)
        own_metrics.grant_put(role, institution=institution)
        events.Rule(
            self,
            "EachMinute",
            description="Reads the newest heartbeat over HTTPS",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[
                # EventBridge's, until Lambda has taken the event.
                targets.LambdaFunction(self.function, retry_attempts=0, max_event_age=_LATEST)
            ],
        )
