"""Where alarms go."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

_TELLING = ("budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com")
"""Services that alarms come from."""


class AlarmTopic(Construct):
    """An encrypted SNS topic to which alarms, budgets and events of this account come, and mail goes from it.

    Its key is its own: no policy lets these services use the one that AWS keeps for SNS, and an alarm that
    they cannot encrypt is lost without a word.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        mail: Sequence[str],
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            mail: addresses, each of which confirms its subscription by a link in its first letter.
        """
        super().__init__(scope, id_)
        self.key = kms.Key(
            self,
            "Key",
            alias=f"alias/{name}",
            description=f"Encrypts what goes through {name}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self.topic = sns.Topic(self, "Topic", topic_name=name, master_key=self.key, enforce_ssl=True)
        self.topic.add_to_resource_policy(self._of_services(["sns:Publish"], self.topic.topic_arn))
        # In the policy of a key, `*` is the key itself.
        self.key.add_to_resource_policy(self._of_services(["kms:Decrypt", "kms:GenerateDataKey*"], "*"))
        for address in mail:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))

    def hear(self, alarm: cloudwatch.Alarm) -> None:
        """Tell of ``alarm`` when it begins, and when it is over."""
        action = actions.SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)

    def _of_services(self, allowed: list[str], resource: str) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            principals=[iam.ServicePrincipal(name) for name in _TELLING],
            actions=allowed,
            resources=[resource],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
