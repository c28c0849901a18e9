"""Alarms of the deployed installation: made data moves each of them, and each tells when it begins and ends.

What the emulator cannot show: it evaluates no metric maths, which only alarms about Amazon MSK's brokers and
about NAT are made of, and no absence of data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus.metrics.catalogue import catalogue
from octopus.metrics.put import PutMetrics
from stacks.monitoring import rules
from stacks.monitoring.rule import Rule
from stacks.settings import Settings
from tests.aws_account import Account
from tests.patience import PATIENCE_S

Alarm = Mapping[str, Any]
PASSES_S = 5.0
"""Seconds after which bad data is older than what an alarm looks at."""


@pytest.fixture(scope="module")
def alarms(account: Account, deployed: None) -> Mapping[str, Alarm]:
    """Every alarm of the installation, by its name."""
    found = account.client("cloudwatch").describe_alarms(AlarmNamePrefix="octopus-life-")["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in found}


@pytest.fixture(scope="module")
def settings(context: dict[str, str]) -> Settings:
    """What was deployed."""
    return Settings.from_context(context)


@pytest.fixture(scope="module")
def ruled(settings: Settings) -> Mapping[str, Rule]:
    """The rule that each alarm is to follow, by the alarm's name."""
    return {settings.named(rule.id): rule for rule in rules.alarms_of(settings)}


@pytest.fixture
def letters(account: Account, queue: str) -> Callable[[], Iterator[tuple[str, str]]]:
    """Name and new state of each alarm that the topic told of since the last call."""
    receive = account.client("sqs").receive_message

    def come() -> Iterator[tuple[str, str]]:
        for message in receive(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            told = json.loads(json.loads(message["Body"])["Message"])
            yield told["AlarmName"], told["NewStateValue"]
            account.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    return come


def test_alarms_are_those_that_the_rules_say(alarms: Mapping[str, Alarm], ruled: Mapping[str, Rule]) -> None:
    assert alarms.keys() == ruled.keys()
    assert len(alarms) > 10
    assert not [name for name, alarm in alarms.items() if "Metrics" in alarm]


def test_every_alarm_goes_off_by_bad_data_and_is_over_by_good_and_tells_of_both(
    account: Account,
    settings: Settings,
    alarms: Mapping[str, Alarm],
    ruled: Mapping[str, Rule],
    letters: Callable[[], Iterator[tuple[str, str]]],
) -> None:
    told: set[tuple[str, str]] = set()

    def all_told(state: str) -> bool:
        told.update(letters())
        return {(name, state) for name in alarms} <= told

    def hurt() -> bool:
        for name, alarm in alarms.items():
            if (name, "ALARM") not in told:
                # About to be older than what the alarm looks at: so that good data is soon alone.
                window = alarm["Period"] * alarm["EvaluationPeriods"]
                put(account, alarm, bad(ruled[name], settings), age_s=window - PASSES_S)
        return all_told("ALARM")

    assert _until(hurt), told
    assert states(account) == dict.fromkeys(alarms, "ALARM")

    def mend() -> bool:
        for name, alarm in alarms.items():
            put(account, alarm, good(ruled[name], settings), age_s=0)
        return all_told("OK")

    assert _until(mend), told
    assert states(account) == dict.fromkeys(alarms, "OK")


def test_values_that_processes_write_arrive_with_their_units(account: Account) -> None:
    # In the namespace of an institution whose alarms nobody made, which would go off by these.
    written = {name: 1.5 for name, metric in catalogue().items() if metric.through == "put"}
    assert len(written) > 8
    cloudwatch = account.client("cloudwatch")
    PutMetrics(cloudwatch, institution="elsewhere").put(written)
    now = time.time()
    for name in written:
        points = cloudwatch.get_metric_statistics(
            Namespace="Octopus/elsewhere",
            MetricName=name,
            StartTime=datetime.fromtimestamp(now - 120, UTC),
            EndTime=datetime.fromtimestamp(now + 60, UTC),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        seen = {(point["Maximum"], point["Unit"]) for point in points}
        assert seen == {(1.5, catalogue()[name].unit)}, name


def test_dashboard_is_there_with_widgets_beside_and_below_one_another(
    account: Account, alarms: Mapping[str, Alarm]
) -> None:
    name = account.outputs("octopus-life-monitoring")["DashboardName"]
    body = json.loads(account.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    taken: set[tuple[int, int]] = set()
    for widget in body["widgets"]:
        place = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert place.isdisjoint(taken), widget
        assert max(x for x, _ in place) < 24, widget
        taken |= place
        assert not _unfilled(widget), widget
    (shown,) = (each["properties"]["alarms"] for each in body["widgets"] if each["type"] == "alarm")
    assert set(shown) == {alarm["AlarmArn"] for alarm in alarms.values()}
    graphs = [each["properties"] for each in body["widgets"] if each["type"] == "metric"]
    assert len(graphs) > 5
    for graph in graphs:
        assert graph["region"] == account.region
        assert graph["metrics"], graph["title"]
        for line in graph["metrics"]:
            # Namespace, name, then each dimension with its value; or what is computed; then how it is drawn.
            series = [each for each in line if isinstance(each, str)]
            assert len(series) % 2 == 0, line
            assert [*series, *(each for each in line if isinstance(each, dict))] == line


def _unfilled(widget: object) -> bool:
    text = json.dumps(widget)
    return any(mark in text for mark in ("${", "Fn::", "Token["))


def states(account: Account) -> dict[str, str]:
    """Return the state of each alarm, by its name."""
    found = account.client("cloudwatch").describe_alarms(AlarmNamePrefix="octopus-life-")["MetricAlarms"]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}


def put(account: Account, alarm: Alarm, value: float, *, age_s: float) -> None:
    """Write one value of the metric that an alarm looks at."""
    account.client("cloudwatch").put_metric_data(
        Namespace=alarm["Namespace"],
        MetricData=[
            {
                "MetricName": alarm["MetricName"],
                "Dimensions": alarm["Dimensions"],
                "Timestamp": datetime.fromtimestamp(time.time() - age_s, UTC),
                "Value": value,
            }
        ],
    )


def bad(rule: Rule, settings: Settings) -> float:
    """Return a value by which its alarm goes off."""
    return rule.limit_for(settings) + (1 if rule.beyond.startswith(">") else -1)


def good(rule: Rule, settings: Settings) -> float:
    """Return a value by which it does not, however many of them are added up."""
    return 0.0 if rule.beyond.startswith(">") else rule.limit_for(settings) + 1


def _until(look: Callable[[], bool]) -> bool:
    return bool(
        Retrying(
            retry=retry_if_result(lambda seen: not seen),
            stop=stop_after_delay(PATIENCE_S),
            wait=wait_fixed(0.5),
            retry_error_callback=lambda _state: False,
        )(look)
    )
