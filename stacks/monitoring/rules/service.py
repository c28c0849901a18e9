"""The web service in Fargate: its tasks, its balancer, its own accounts of itself, its way out."""

from __future__ import annotations

from stacks.monitoring.rule import Rule
from stacks.monitoring.series import balancer, nat, own, targets, tasks
from stacks.settings import Settings


def _fargate(settings: Settings) -> bool:
    return settings.in_fargate


def _own_nat(settings: Settings) -> bool:
    return settings.in_fargate and settings.egress == "nat" and not settings.vpc_id


RULES = (
    Rule(
        id="tasks-few",
        says="For ten minutes fewer than {limit} tasks of the web service were in order",
        of=targets("HealthyHostCount"),
        statistic="Minimum",
        beyond="<",
        limit=lambda settings: settings.service_replicas,
        period_s=60,
        times=10,
        without_data="breaching",
        where=_fargate,
    ),
    Rule(
        id="tasks-unhealthy",
        says="For ten minutes a task of the web service did not answer its balancer",
        of=targets("UnHealthyHostCount"),
        statistic="Maximum",
        beyond=">=",
        limit=1,
        period_s=60,
        times=10,
        where=_fargate,
    ),
    Rule(
        id="tasks-busy",
        says="For a quarter of an hour the tasks used more than {limit} % of their CPU on average",
        of=tasks("CPUUtilization"),
        statistic="Average",
        beyond=">",
        limit=90,
        period_s=300,
        times=3,
        where=_fargate,
    ),
    Rule(
        id="tasks-memory",
        says="For a quarter of an hour tasks used more than {limit} % of their memory",
        of=tasks("MemoryUtilization"),
        statistic="Average",
        beyond=">",
        limit=90,
        period_s=300,
        times=3,
        where=_fargate,
    ),
    Rule(
        id="balancer-errors",
        says="For ten minutes the balancer itself answered with faults (5xx)",
        of=balancer("HTTPCode_ELB_5XX_Count"),
        statistic="Sum",
        beyond=">=",
        limit=5,
        period_s=300,
        times=2,
        where=_fargate,
    ),
    Rule(
        id="balancer-connections-rejected",
        says="The balancer turned connections away, being at its most",
        of=balancer("RejectedConnectionCount"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        where=_fargate,
    ),
    Rule(
        id="requests-failed",
        says="For ten minutes requests broke inside the web service (500)",
        of=own("RequestsFailed"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        times=2,
        where=_fargate,
    ),
    Rule(
        id="requests-unavailable",
        says="For ten minutes requests were not answered since what they need was away (503)",
        of=own("RequestsUnavailable"),
        statistic="Sum",
        beyond=">=",
        limit=5,
        period_s=300,
        times=2,
        where=_fargate,
    ),
    Rule(
        id="jobs-failed",
        says="In each of three quarters of an hour a background job of the web service broke",
        of=own("JobsFailed"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=900,
        times=3,
        where=_fargate,
    ),
    Rule(
        id="audit-waiting",
        says="For a quarter of an hour events of the audit waited {limit} s to be written",
        of=own("AuditWaitingSeconds"),
        statistic="Maximum",
        beyond=">=",
        limit=600,
        period_s=300,
        times=3,
        where=_fargate,
    ),
    Rule(
        id="nat-ports",
        says="A NAT gateway had no port left for a connection to the internet",
        of=nat("ErrorPortAllocation"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        where=_own_nat,
    ),
)
