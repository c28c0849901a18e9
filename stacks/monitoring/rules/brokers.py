"""Brokers of Amazon MSK, at the thresholds that AWS gives.

Source: Amazon MSK Developer Guide, the best practices and the metrics of Standard and Express brokers, and
"Amazon MSK quota", read in November 2026. What AWS gives and is no rule here, and why, stands in
``docs/monitoring.md``.
"""

from __future__ import annotations

from stacks.monitoring.rule import Rule
from stacks.monitoring.series import brokers, cluster
from stacks.settings import Settings
from stacks.settings.brokers import EXPRESS_MB_PER_S, SIZES

_MOST_CONNECTIONS = 3000
"""Signed with IAM, to one broker."""
_MOST_NEW_CONNECTIONS = 100
"""A second, likewise; but on t3.small."""
_NEAR = 0.8
_MOST_CREDITS = 576
"""That a t3.small saves.

Source: Amazon EC2 User Guide, "Key concepts for burstable performance instances".
"""
_SAVES_NOTHING_PERCENT = 18
"""Of its CPU, from which on a t3.small keeps next to nothing of what it is given.

It is given 20 %, likewise. A little less, since without credits it gets no more, and shows what it gets.
"""


def _standard(settings: Settings) -> bool:
    return settings.kafka == "msk-standard"


def _express(settings: Settings) -> bool:
    return settings.kafka == "msk-express"


def _sized(settings: Settings) -> bool:
    return _standard(settings) or _express(settings)


def _burstable(settings: Settings) -> bool:
    return _standard(settings) and settings.broker_type.startswith("kafka.t3.")


def _per_broker(settings: Settings) -> bool:
    return _sized(settings) and settings.kafka_monitoring == "per-broker"


def _partitions(settings: Settings) -> float:
    return SIZES[settings.kafka][settings.broker_type]


def _bytes_in(settings: Settings) -> float:
    return _NEAR * EXPRESS_MB_PER_S[settings.broker_type][0] * 10**6


def _bytes_out(settings: Settings) -> float:
    return _NEAR * EXPRESS_MB_PER_S[settings.broker_type][1] * 10**6


RULES = (
    Rule(
        id="broker-offline-partitions",
        says="Partitions have no leader: they can be neither written nor read",
        of=cluster("OfflinePartitionsCount"),
        statistic="Maximum",
        beyond=">",
        limit=0,
        period_s=60,
        where=_standard,
        essential=True,
    ),
    Rule(
        id="broker-under-min-isr",
        says="Partitions have too few copies in step: they cannot be written",
        of=brokers("UnderMinIsrPartitionCount"),
        statistic="Maximum",
        beyond=">=",
        limit=1,
        period_s=60,
        where=_standard,
        essential=True,
    ),
    Rule(
        id="broker-storage",
        says="A broker's disk is {limit} % full",
        of=brokers("KafkaDataLogsDiskUsed"),
        statistic="Maximum",
        beyond=">=",
        limit=85,
        period_s=300,
        where=_standard,
        essential=True,
    ),
    Rule(
        id="broker-cpu-credits",
        says="For a quarter of an hour a broker had {limit} CPU credits or fewer and saved none;"
        " without them it is slow",
        of=brokers("CPUCreditBalance", "CpuUser", "CpuSystem"),
        # A new broker has none, and saves them as long as it is idle.
        each=f"IF({{1}} + {{2}} >= {_SAVES_NOTHING_PERCENT}, {{0}}, {_MOST_CREDITS})",
        statistic="Average",
        beyond="<=",
        limit=100,
        period_s=300,
        times=3,
        where=_burstable,
        essential=True,
    ),
    Rule(
        id="broker-controller",
        says="For five minutes the cluster had no controller",
        of=cluster("ActiveControllerCount"),
        statistic="Maximum",
        beyond="<",
        limit=1,
        period_s=300,
        where=_sized,
    ),
    Rule(
        id="broker-cpu",
        says="For five minutes a broker used more than {limit} % of its CPU",
        of=brokers("CpuUser", "CpuSystem"),
        statistic="Average",
        beyond=">",
        limit=60,
        period_s=300,
        where=_sized,
    ),
    Rule(
        id="broker-heap",
        says="For a quarter of an hour a broker's heap was over {limit} % full after it was cleared",
        of=brokers("HeapMemoryAfterGC"),
        statistic="Average",
        beyond=">",
        limit=60,
        period_s=300,
        times=3,
        where=_standard,
    ),
    Rule(
        id="broker-partitions",
        says="A broker holds more partitions, copies counted, than the {limit} that AWS recommends for it",
        of=brokers("PartitionCount"),
        statistic="Maximum",
        beyond=">",
        limit=_partitions,
        period_s=300,
        where=_sized,
    ),
    Rule(
        id="broker-connections",
        says="A broker has more than {limit} connections, of the 3000 that it takes",
        of=brokers("ClientConnectionCount", signed=True),
        statistic="Sum",
        beyond=">",
        limit=_NEAR * _MOST_CONNECTIONS,
        period_s=60,
        where=_sized,
    ),
    Rule(
        id="broker-connections-refused",
        says="A broker turned connections away: more new ones a second came than it lets in",
        of=brokers("IAMTooManyConnections"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        where=_per_broker,
    ),
    Rule(
        id="broker-new-connections",
        says="For three minutes a broker was asked for {limit} new connections a second or more",
        # By the second, so that the sum of its one value a minute is the rate.
        of=brokers("ConnectionCreationRate", signed=True),
        statistic="Sum",
        beyond=">=",
        limit=_NEAR * _MOST_NEW_CONNECTIONS,
        period_s=60,
        times=3,
        # On t3.small, which takes four a second, every start of a few clients would be one.
        where=lambda settings: _per_broker(settings) and not _burstable(settings),
    ),
    Rule(
        id="broker-request-threads",
        says="For five minutes a broker's threads for requests were idle for less than {limit} of their time",
        of=brokers("RequestHandlerAvgIdlePercent"),
        statistic="Average",
        beyond="<",
        limit=0.3,
        period_s=300,
        where=_per_broker,
    ),
    Rule(
        id="broker-network-threads",
        says="For five minutes a broker's threads for the network were idle for less than {limit} of their"
        " time",
        of=brokers("NetworkProcessorAvgIdlePercent"),
        statistic="Average",
        beyond="<",
        limit=0.3,
        period_s=300,
        where=_per_broker,
    ),
    Rule(
        id="broker-bandwidth-in",
        says="For five minutes AWS held back what came to a broker, its network being full",
        of=brokers("BwInAllowanceExceeded"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        where=lambda settings: _per_broker(settings) and _standard(settings),
    ),
    Rule(
        id="broker-bandwidth-out",
        says="For five minutes AWS held back what a broker sent, its network being full",
        of=brokers("BwOutAllowanceExceeded"),
        statistic="Sum",
        beyond=">",
        limit=0,
        period_s=300,
        where=lambda settings: _per_broker(settings) and _standard(settings),
    ),
    Rule(
        id="broker-bytes-in",
        says="For five minutes a broker was sent more than {limit} bytes a second, 80 % of what it takes for"
        " long",
        of=brokers("BytesInPerSec"),
        statistic="Average",
        beyond=">",
        limit=_bytes_in,
        period_s=300,
        where=_express,
    ),
    Rule(
        id="broker-bytes-out",
        says="For five minutes a broker sent more than {limit} bytes a second, 80 % of what it gives for"
        " long",
        of=brokers("BytesOutPerSec"),
        statistic="Average",
        beyond=">",
        limit=_bytes_out,
        period_s=300,
        where=_express,
    ),
)
