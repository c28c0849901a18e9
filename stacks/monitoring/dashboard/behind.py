"""Who has not read what is there, and what has not been done yet."""

from __future__ import annotations

from stacks.monitoring.dashboard.widgets import Line, Widget, graph, search, text
from stacks.monitoring.series import Installed, brokers, own

QUESTION = "Is anyone behind?"
_MOST_SHOWN = 100

_LATER = (
    "Triggers and the archive worker are not in this release. How far behind each trigger's group is, how"
    " many calls failed, and how old the last archived event is will stand here."
)


def widgets(installed: Installed) -> list[Widget]:
    """Return consumers' lag, copies', and that of the service's own jobs."""
    found = []
    if installed.settings.on_msk:
        found += [
            _lag(installed, "SumOffsetLag", "Events not yet read, by group and topic: the most"),
            _lag(
                installed,
                "EstimatedMaxTimeLag",
                "Seconds behind, as MSK guesses, by group and topic: the most",
            ),
        ]
    else:
        found.append(
            text(
                "Consumers' lag is known to the brokers, which are not AWS's: `kafka-consumer-groups.sh"
                " --describe --all-groups`, or an exporter of it to Prometheus.",
                width=12,
                height=3,
            )
        )
    if installed.settings.kafka == "msk-standard":
        found.append(
            graph(
                installed,
                "Partitions with a copy that is behind, by broker",
                Line(brokers("UnderReplicatedPartitions"), "Maximum", "broker"),
                width=12,
            )
        )
    if installed.settings.in_fargate:
        found += [
            graph(
                installed,
                "Audit: age of the oldest event that is not written, in seconds",
                Line(own("AuditWaitingSeconds"), "Maximum", "waiting"),
                rule="audit-waiting",
                width=12,
            ),
            graph(
                installed,
                "Background jobs that broke or were put off",
                Line(own("JobsFailed"), "Sum", "broke"),
                Line(own("JobsPostponed"), "Sum", "put off"),
                width=12,
            ),
        ]
    return [*found, text(_LATER, width=12, height=3)]


def _lag(installed: Installed, metric: str, title: str) -> Widget:
    name = installed.settings.cluster_name
    found = (
        f'{{AWS/Kafka,"Cluster Name","Consumer Group",Topic}} MetricName="{metric}" "Cluster Name"="{name}"'
    )
    # Of the 500 that a search finds at most, as many as a graph can show.
    worst = f"SORT(SEARCH('{found}', 'Maximum', 300), MAX, DESC, {_MOST_SHOWN})"
    return search(installed, title, worst, width=12)
