"""How the installation is watched: alarms, where they go, and what a month may cost."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import values as read
from stacks.settings.variable import variable

BUDGET_REGIONS = frozenset(
    (
        *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
        *("ca-central-1", "cn-north-1", "cn-northwest-1", "sa-east-1"),
        *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1"),
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
    )
)
"""Regions whose CloudFormation knows ``AWS::Budgets::Budget``. Source: its registry's schemas, as cfn-lint
1.58 ships them."""


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Alarms and the budget."""

    alarms: str = variable(
        read.choice(("essential", "full")),
        "Which alarms there are; `essential`: those that mean that users are hurt, or soon will be",
        default="full",
    )
    alarm_mail: tuple[str, ...] = variable(
        read.several(read.mail_address),
        "Addresses, with commas between, that alarms are mailed to",
        default=(),
    )
    alarm_ceiling_percent: int = variable(
        read.whole_number(50, 99),
        "Percent of what the AWS account may hold of IAM users and policies at which there is an alarm",
        default=80,
    )
    alarm_secret_age_days: int = variable(
        read.whole_number(1, 3650),
        "Days after which a secret of the Globus client that was never changed is an alarm",
        default=365,
    )
    alarm_certificate_days: int = variable(
        read.whole_number(2, 90),
        "Days before a certificate's end at which there is an alarm; with more than 45 it is on before each"
        " renewal by ACM",
        default=21,
    )
    runbook_url: str = variable(
        read.url,
        "Address at which the operators read `docs/runbooks.md`; alarms link to its sections",
        default="",
        shown="the file's name",
    )
    budget_usd: int = variable(
        read.whole_number(0, 10_000_000),
        "USD a month of the AWS account; 50, 80 and 100 % of it spent, or a forecast above it, is a letter."
        " `0`: no budget, as an account of an organization may have none of its own",
        default=0,
    )
