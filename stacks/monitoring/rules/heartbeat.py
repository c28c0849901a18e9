"""Whether the fabric does for the heartbeat what it is there for."""

from __future__ import annotations

from stacks.monitoring.rule import Rule
from stacks.monitoring.series import own
from stacks.settings import Settings

_SLOW_S = 5
"""Seconds after which people think that it hangs."""


def _over_https(settings: Settings) -> bool:
    return settings.heartbeat_over_https


RULES = (
    Rule(
        id="heartbeat-kafka",
        says="For three minutes no event went through Kafka, or nobody tried",
        of=own("KafkaAnswers"),
        statistic="Minimum",
        beyond="<",
        limit=1,
        period_s=60,
        times=3,
        without_data="breaching",
        essential=True,
    ),
    Rule(
        id="heartbeat-https",
        says="For three minutes the newest event could not be read over HTTPS, or nobody tried",
        of=own("HttpsAnswers"),
        statistic="Minimum",
        beyond="<",
        limit=1,
        period_s=60,
        times=3,
        without_data="breaching",
        where=_over_https,
        essential=True,
    ),
    Rule(
        id="kafka-slow",
        says="For a quarter of an hour an event took more than {limit} s through Kafka",
        of=own("KafkaRoundTripSeconds"),
        statistic="Average",
        beyond=">",
        limit=_SLOW_S,
        period_s=300,
        times=3,
    ),
    Rule(
        id="sign-in-slow",
        says="For a quarter of an hour a sign-in to Kafka took more than {limit} s",
        of=own("KafkaSignInSeconds"),
        statistic="Average",
        beyond=">",
        limit=_SLOW_S,
        period_s=300,
        times=3,
    ),
    Rule(
        id="https-slow",
        says="For a quarter of an hour a request over HTTPS took more than {limit} s",
        of=own("HttpsSeconds"),
        statistic="Average",
        beyond=">",
        limit=_SLOW_S,
        period_s=300,
        times=3,
        where=_over_https,
    ),
)
