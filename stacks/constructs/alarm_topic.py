"""Where alarms go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

_Conditions = Mapping[str, Mapping[str, str]]

_ALARMS = ("budgets.amazonaws.com", "cloudwatch.amazonaws.com")
_EVENTS = ("events.amazonaws.com",)
"""EventBridge does not tell for which account it publishes: a condition on that shuts it out."""


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
        ours = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        self._let(_ALARMS, publish=ours, encrypt=ours)
        # By its name, since the topic refers to the key.
        this = Stack.of(self).format_arn(service="sns", resource=name)
        # A rule publishes without a role in its own account alone.
        self._let(
            _EVENTS, publish={}, encrypt={"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": this}}
        )
        for address in mail:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))

    def _let(self, services: Sequence[str], *, publish: _Conditions, encrypt: _Conditions) -> None:
        principals = [iam.ServicePrincipal(name) for name in services]
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=principals,
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=publish,
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=principals,
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                # In the policy of a key, `*` is the key itself.
                resources=["*"],
                conditions=encrypt,
            )
        )
