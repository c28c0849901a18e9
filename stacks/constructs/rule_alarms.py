"""Alarms of the rules in ``stacks/monitoring/rules``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.monitoring.rule import Rule, shown
from stacks.monitoring.series import Installed, Part, Series

_OPERATORS = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
}
_MOST_METRICS = 10
"""Of one alarm. Source: Amazon CloudWatch User Guide, "Create an alarm based on a metric math expression"."""


class RuleAlarms(Construct):
    """One alarm a rule, and another for each ten metrics more; each tells when it begins and when it is over.

    A new one tells once that nothing is wrong, too: CloudWatch acts on whatever change to ``OK``.

    An alarm of a single metric is no metric maths, which an emulator may not know.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        installed: Installed,
        rules: Iterable[Rule],
        topic: sns.ITopic,
        runbooks: str,
    ) -> None:
        """Make them.

        Args:
            topic: where they tell it.
            runbooks: address of the page that has a section for each rule.
        """
        super().__init__(scope, id_)
        self._installed = installed
        self._hearers = [topic.topic_arn]
        self._runbooks = runbooks
        made = [(rule, alarm) for rule in rules for alarm in self._make(rule)]
        self.arns = [alarm.attr_arn for _, alarm in made]
        """Of every alarm, in the order of the rules."""
        self.of_silence = [alarm for rule, alarm in made if rule.without_data == "breaching"]
        """Those that go off when nobody writes."""

    def _make(self, rule: Rule) -> Iterator[cloudwatch.CfnAlarm]:
        settings = self._installed.settings
        limit = rule.limit_for(settings)
        for number, parts in enumerate(alarm_parts(rule.of(self._installed)), start=1):
            name = rule.id if number == 1 else f"{rule.id}-{number}"
            one = len(parts) == len(parts[0]) == 1 and not rule.each
            yield cloudwatch.CfnAlarm(
                self,
                name,
                alarm_name=settings.named(name),
                alarm_description=f"{rule.says.format(limit=shown(limit))}: {self._runbooks}#{rule.id}",
                comparison_operator=_OPERATORS[rule.beyond],
                threshold=limit,
                evaluation_periods=rule.times,
                treat_missing_data=rule.without_data,
                alarm_actions=self._hearers,
                ok_actions=self._hearers,
                **(_of_one(rule, parts[0][0]) if one else _of_the_worst(rule, parts)),
            )


def alarm_parts(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield the parts of each alarm in turn, as many as it holds."""
    held: list[Part] = []
    for part in parts:
        if sum(map(len, held)) + len(part) > _MOST_METRICS:
            yield held
            held = []
        held.append(part)
    yield held


def _of_one(rule: Rule, series: Series) -> dict[str, Any]:
    return {
        "namespace": series.namespace,
        "metric_name": series.name,
        "dimensions": _dimensions(series) or None,
        "statistic": rule.statistic,
        "period": rule.period_s,
    }


def _of_the_worst(rule: Rule, parts: Sequence[Part]) -> dict[str, Any]:
    queries, worst_of = [], []
    for number, part in enumerate(parts, start=1):
        ids = [f"m{number}" if len(part) == 1 else f"m{number}_{place}" for place in range(1, len(part) + 1)]
        queries += [
            cloudwatch.CfnAlarm.MetricDataQueryProperty(
                id=id_,
                return_data=False,
                metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                    metric=cloudwatch.CfnAlarm.MetricProperty(
                        namespace=series.namespace,
                        metric_name=series.name,
                        dimensions=_dimensions(series),
                    ),
                    period=rule.period_s,
                    stat=rule.statistic,
                ),
            )
            for id_, series in zip(ids, part, strict=True)
        ]
        expression = rule.each.format(*ids) or " + ".join(ids)
        if expression == ids[0]:
            worst_of.append(ids[0])
            continue
        queries.append(
            cloudwatch.CfnAlarm.MetricDataQueryProperty(
                id=f"s{number}", expression=expression, return_data=False
            )
        )
        worst_of.append(f"s{number}")
    worst = "MAX" if rule.beyond.startswith(">") else "MIN"
    queries.append(
        cloudwatch.CfnAlarm.MetricDataQueryProperty(
            id="worst", expression=f"{worst}([{', '.join(worst_of)}])", return_data=True
        )
    )
    return {"metrics": queries}


def _dimensions(series: Series) -> list[cloudwatch.CfnAlarm.DimensionProperty]:
    return [
        cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
        for name, value in series.dimensions.items()
    ]
