"""The way in over HTTPS, and the tables behind it.

No rule stands on the errors of the authorizer's function: each caller whom it refuses with 401 is one, since
API Gateway wants to be told so by an exception. A function that breaks is seen in `api-errors`.
"""

from __future__ import annotations

from stacks.monitoring.rule import Rule
from stacks.monitoring.series import authorizer, gateway, own, table

_TABLES = tuple(
    Rule(
        id=f"{what}-{verb}s-throttled",
        says=f"For a quarter of an hour DynamoDB refused some {verb}s of the table of {holds}",
        of=table(f"{verb.title()}ThrottleEvents", what),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        times=3,
    )
    for what, holds in (("registry", "topics and grants"), ("credentials", "keys"))
    for verb in ("read", "write")
)

RULES = (
    Rule(
        id="api-errors",
        says="For a quarter of an hour one request in twenty ended with a fault of the fabric's own (5xx)",
        of=gateway("5XXError"),
        statistic="Average",
        beyond=">=",
        limit=0.05,
        period_s=300,
        times=3,
        essential=True,
    ),
    Rule(
        id="authorizer-throttled",
        says="Lambda refused to run the function that asks about tokens",
        of=authorizer("Throttles"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
    ),
    Rule(
        id="globus-away",
        says="For ten minutes Globus Auth gave no answer about tokens",
        of=own("TokensUnchecked"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        times=2,
    ),
    *_TABLES,
)
