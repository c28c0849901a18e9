"""What becomes of data when its stack goes, and how long logs are kept."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs

from stacks.settings import Settings

_RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}


def of_data(settings: Settings) -> RemovalPolicy:
    """Return the policy of everything that holds data: kept, unless the operator allowed its loss.

    A resource whose own creation failed holds nothing and goes: a first deployment can be tried again.
    """
    return RemovalPolicy.DESTROY if settings.allow_data_loss else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


def of_logs(settings: Settings) -> logs.RetentionDays:
    """Return for how long CloudWatch keeps what is written to a log group."""
    return _RETENTION[settings.log_retention_days]
