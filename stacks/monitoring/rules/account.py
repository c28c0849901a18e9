"""What the AWS account holds, and what ends by itself: ceilings, quotas, secret, certificates."""

from __future__ import annotations

from stacks.monitoring.rule import Rule
from stacks.monitoring.series import authorizer_logs, domain_certificate, key_calls, own
from stacks.settings import Settings

_DAY_S = 86_400
_KMS_CALLS_PER_S = {
    **dict.fromkeys(("eu-west-1", "us-east-1", "us-west-2"), 100_000),
    **dict.fromkeys(
        ("ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-central-1", "eu-west-2", "us-east-2"),
        20_000,
    ),
}
"""That AWS lets an account make with symmetric keys, before it asks for more; in other regions 10,000.

Source: AWS KMS Developer Guide, "Request quotas". CloudWatch's ``SERVICE_QUOTA`` would know what the account
was given, but is metric maths, which an emulator does not evaluate.
"""
_LOGS_GB = 50


def _users(settings: Settings) -> bool:
    return settings.credentials == "iam-user"


def _kms_calls(settings: Settings) -> float:
    return 0.8 * 60 * _KMS_CALLS_PER_S.get(settings.region, 10_000)


def _own_certificate(settings: Settings) -> bool:
    # In Fargate seen by the function that reads over HTTPS; without an address of one's own it is AWS's, who
    # renews it. Elsewhere by the heartbeat's process, brokers' too.
    return not settings.in_fargate or bool(settings.heartbeat_over_https and settings.public_url)


RULES = (
    Rule(
        id="iam-users",
        says="The AWS account holds {limit} % of the IAM users that it may hold",
        of=own("UsersOfCeiling"),
        statistic="Maximum",
        beyond=">=",
        limit=lambda settings: settings.alarm_ceiling_percent,
        period_s=900,
        # A service that is down is not a full account; while it is, nothing is made either.
        without_data="ignore",
        where=_users,
        essential=True,
    ),
    Rule(
        id="iam-policies",
        says="The AWS account holds {limit} % of the IAM managed policies that it may hold",
        of=own("ManagedPoliciesOfCeiling"),
        statistic="Maximum",
        beyond=">=",
        limit=lambda settings: settings.alarm_ceiling_percent,
        period_s=900,
        without_data="ignore",
        where=_users,
        essential=True,
    ),
    Rule(
        id="certificate",
        says="A certificate that clients are shown ends within {limit} days",
        of=own("CertificateDays"),
        statistic="Minimum",
        beyond="<=",
        limit=lambda settings: settings.alarm_certificate_days,
        period_s=300,
        without_data="ignore",
        where=_own_certificate,
        essential=True,
    ),
    Rule(
        id="domain-certificate",
        says="The certificate of the gateway's own domain ends in ACM within {limit} days",
        of=domain_certificate("DaysToExpiry"),
        statistic="Minimum",
        beyond="<=",
        limit=lambda settings: settings.alarm_certificate_days,
        period_s=_DAY_S,
        without_data="ignore",
        where=lambda settings: bool(settings.domain),
    ),
    Rule(
        id="globus-secret-age",
        says="The secret of the Globus client is {limit} days old",
        of=own("GlobusSecretAgeDays"),
        statistic="Maximum",
        beyond=">=",
        limit=lambda settings: settings.alarm_secret_age_days,
        period_s=900,
        without_data="ignore",
    ),
    Rule(
        id="keys-throttled",
        says="For three minutes the AWS account asked KMS for 80 % of what AWS lets one ask in this region",
        of=key_calls("CallCount"),
        statistic="Sum",
        beyond=">=",
        limit=_kms_calls,
        period_s=60,
        times=3,
    ),
    Rule(
        id="authorizer-logs",
        says=f"Brokers on the internet have filled {_LOGS_GB} GB with whom they turned away",
        of=authorizer_logs("BucketSizeBytes"),
        statistic="Average",
        beyond=">=",
        limit=_LOGS_GB * 10**9,
        period_s=_DAY_S,
        without_data="ignore",
        where=lambda settings: settings.msk_public_access,
    ),
)
