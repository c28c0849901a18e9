"""Whether people can work."""

from __future__ import annotations

from collections.abc import Sequence

from stacks.monitoring.dashboard.widgets import MOST_ALARMS, Line, Widget, alarm_states, graph, text
from stacks.monitoring.series import Installed, brokers, cluster, gateway, own, targets

QUESTION = "Is it up?"
_ALARMS_IN_A_ROW = 8


def widgets(installed: Installed, alarms: Sequence[str]) -> list[Widget]:
    """Return the alarms, the heartbeat, and the parts that it goes through."""
    settings = installed.settings
    https = [Line(own("HttpsAnswers"), "Minimum", "HTTPS")] if settings.heartbeat_over_https else []
    found = [
        *_alarms(alarms),
        graph(
            installed,
            "Heartbeat: 1 is an answer",
            Line(own("KafkaAnswers"), "Minimum", "Kafka"),
            *https,
            rule="heartbeat-kafka",
            most=1,
            period_s=60,
        ),
        graph(
            installed,
            "Kafka by the heartbeat: seconds",
            # The check of who signs in is the judge's, or IAM's, and most of this time.
            Line(own("KafkaSignInSeconds"), "Maximum", "sign-in"),
            Line(own("KafkaRoundTripSeconds"), "Maximum", "round trip"),
            period_s=60,
        ),
    ]
    if settings.heartbeat_over_https:
        found.append(
            graph(
                installed,
                "HTTPS by the heartbeat: seconds",
                Line(own("HttpsSeconds"), "Maximum", "request"),
                Line(own("FreshnessSeconds"), "Maximum", "age of the newest event", right=True),
                period_s=60,
            )
        )
    found.append(
        graph(
            installed,
            "Gateway: requests, and how many of them failed",
            Line(gateway("Count"), "Sum", "requests"),
            Line(gateway("5XXError"), "Sum", "5xx"),
        )
    )
    if settings.in_fargate:
        found.append(
            graph(
                installed,
                "Tasks of the web service",
                Line(targets("HealthyHostCount"), "Minimum", "in order"),
                Line(targets("UnHealthyHostCount"), "Maximum", "not in order"),
                rule="tasks-few",
                period_s=60,
            )
        )
    else:
        found.append(
            text(
                "Web service and judge run elsewhere: what they measure of themselves is Prometheus text on"
                " ports of their machines, see `docs/metrics.md`.",
                width=8,
                height=6,
            )
        )
    return [*found, *_brokers(installed)]


def _alarms(arns: Sequence[str]) -> list[Widget]:
    """Return as many widgets as it takes: with 60 brokers there are more alarms than one may show."""
    shown = [arns[start : start + MOST_ALARMS] for start in range(0, len(arns), MOST_ALARMS)]
    return [alarm_states("Alarms", each, height=1 + -(-len(each) // _ALARMS_IN_A_ROW)) for each in shown]


def _brokers(installed: Installed) -> list[Widget]:
    kafka = installed.settings.kafka
    if kafka not in ("msk-standard", "msk-express"):
        return []
    controller = Line(cluster("ActiveControllerCount"), "Maximum", "controllers")
    if kafka == "msk-express":
        return [graph(installed, "Cluster", controller, period_s=60)]
    return [
        graph(
            installed,
            "Cluster",
            controller,
            Line(cluster("OfflinePartitionsCount"), "Maximum", "partitions without a leader"),
            period_s=60,
        ),
        graph(
            installed,
            "Partitions that cannot be written, by broker",
            Line(brokers("UnderMinIsrPartitionCount"), "Maximum", "broker"),
            period_s=60,
        ),
    ]
