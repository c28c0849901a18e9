"""Events of AWS's own that are told as alarms are, by the rules in ``stacks/monitoring/rules/events.py``."""

from __future__ import annotations

import json
from collections.abc import Iterable

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.monitoring.rule import EventRule
from stacks.settings import Settings


class EventRules(Construct):
    """One rule of EventBridge each; its letter says what it means and where the runbook is, then the event.

    They publish without a role: the topic's own policy lets them.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        rules: Iterable[EventRule],
        topic: sns.ITopic,
        runbooks: str,
    ) -> None:
        """Make them.

        Args:
            runbooks: address of the page that has a section for each rule.
        """
        super().__init__(scope, id_)
        stack = Stack.of(self)

        def arn(service: str, resource: str) -> str:
            kind, _, name = resource.partition("/")
            return stack.format_arn(service=service, resource=kind, resource_name=name)

        for rule in rules:
            says = {"rule": settings.named(rule.id), "says": f"{rule.says}: {runbooks}#{rule.id}"}
            # Unquoted, EventBridge puts the event in as the JSON that it is.
            template = f'{json.dumps(says)[:-1]}, "event": <aws.events.event.json>}}'
            events.CfnRule(
                self,
                rule.id,
                name=settings.named(rule.id),
                description=says["says"],
                event_pattern=rule.pattern(settings, arn),
                targets=[
                    events.CfnRule.TargetProperty(
                        id="topic",
                        arn=topic.topic_arn,
                        input_transformer=events.CfnRule.InputTransformerProperty(input_template=template),
                    )
                ],
            )
