"""What watches the others: alarms, events that are told, the heartbeat over HTTPS, and one dashboard."""

from __future__ import annotations

import tomllib
from pathlib import Path

from aws_cdk import CfnOutput, Environment, Stack, Tags
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks import lifetime
from stacks.constructs.event_rules import EventRules
from stacks.constructs.heartbeat import Heartbeat
from stacks.constructs.rule_alarms import RuleAlarms
from stacks.foundation_stack import FoundationStack
from stacks.monitoring import dashboard, rules
from stacks.monitoring.series import Installed

RUNBOOKS = "docs/runbooks.md"
RELEASE_TAG = "octopus:release"
_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


class MonitoringStack(Stack):
    """It holds nothing: it may be destroyed and made again. Nothing refers to it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        installed: Installed,
        foundation: FoundationStack,
        public_url: str,
        env: Environment | None = None,
    ) -> None:
        """Make it.

        Args:
            public_url: at which users reach the fabric.
        """
        settings = installed.settings
        super().__init__(scope, id_, env=env, description=f"Octopus {settings.institution}: monitoring")
        runbooks = settings.runbook_url or RUNBOOKS
        alarms = RuleAlarms(
            self,
            "Alarms",
            installed=installed,
            rules=rules.alarms_of(settings),
            topic=foundation.alarm_topic,
            runbooks=runbooks,
        )
        EventRules(
            self,
            "Events",
            settings=settings,
            rules=rules.events_of(settings),
            topic=foundation.alarm_topic,
            runbooks=runbooks,
        )
        if settings.in_fargate and settings.heartbeat_over_https:
            heartbeat = Heartbeat(
                self,
                "Heartbeat",
                institution=settings.institution,
                public_url=public_url,
                registry=foundation.registry,
                log_retention=lifetime.of_logs(settings),
            )
            for alarm in alarms.of_silence:
                # Else the first silence that it tells of is that of a function that is not there yet.
                alarm.node.add_dependency(heartbeat)
        name = settings.named("fabric")
        cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            dashboard_body=self.to_json_string(dashboard.body(installed, alarms.arns)),
        )
        CfnOutput(self, "DashboardName", value=name, description="Dashboard in CloudWatch")
        # It names what other stacks made by their outputs. A release that makes some of that anew, under the
        # same id, changes no other word of this template: nothing would be updated, and the old ones watched.
        release = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
        Tags.of(self).add(RELEASE_TAG, release)
