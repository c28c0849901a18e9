"""What a month of the AWS account may cost, on request: a budget whose letters go where alarms go."""

from __future__ import annotations

from aws_cdk import Environment, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.settings import Settings

_TOLD = (("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""Of what is spent, and of what AWS expects by the month's end: the percent above which it tells.

An account has no forecast before it was in use for about five weeks. Source: AWS Cost Management User Guide,
"Best practices for AWS Budgets".
"""


class BudgetStack(Stack):
    """A monthly budget of the whole account. By itself: not every account may have one, nor every region.

    A budget of the fabric alone would count by tags, which AWS does only for those that the account that pays
    has activated.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        alarm_topic: sns.ITopic,
        env: Environment | None = None,
    ) -> None:
        """Make it; everybody who hears alarms hears of money, too."""
        super().__init__(scope, id_, env=env, description=f"Octopus {settings.institution}: budget")
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=settings.named("month"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=settings.budget_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(
                            subscription_type="SNS", address=alarm_topic.topic_arn
                        )
                    ],
                )
                for kind, percent in _TOLD
            ],
        )
