"""Alarms at the limits that are meant, events of AWS's own, and that everybody is told."""

from __future__ import annotations

import json
import tomllib

import pytest

from stacks.constructs.rule_alarms import alarm_parts
from stacks.monitoring import rules
from stacks.monitoring.series import Series
from stacks.monitoring_stack import RELEASE_TAG
from stacks.settings import Settings
from tests.infrastructure import watched
from tests.infrastructure.conftest import CAMPUS
from tests.infrastructure.synthesis import FILES, ROOT, Made

GREATER, LESS = "GreaterThanThreshold", "LessThanThreshold"
AT_LEAST, AT_MOST = "GreaterThanOrEqualToThreshold", "LessThanOrEqualToThreshold"


@pytest.fixture(params=FILES)
def made(request: pytest.FixtureRequest, institutions: list[Made]) -> Made:
    """Each institution's in turn."""
    return next(each for each in institutions if each.name == request.param)


def named(institutions: list[Made], name: str) -> Made:
    return next(each for each in institutions if each.name == name)


# Alarms


@pytest.mark.parametrize(
    ("file", "alarm", "metric", "statistic", "beyond", "limit", "seconds", "times"),
    [
        ("tiny-trial", "broker-cpu-credits", "CPUCreditBalance", "Average", AT_MOST, 100, 300, 3),
        ("tiny-trial", "broker-storage", "KafkaDataLogsDiskUsed", "Maximum", AT_LEAST, 85, 300, 1),
        ("tiny-trial", "broker-offline-partitions", "OfflinePartitionsCount", "Maximum", GREATER, 0, 60, 1),
        ("tiny-trial", "broker-under-min-isr", "UnderMinIsrPartitionCount", "Maximum", AT_LEAST, 1, 60, 1),
        ("standard-tiered", "broker-cpu", "CpuUser", "Average", GREATER, 60, 300, 1),
        ("standard-tiered", "broker-controller", "ActiveControllerCount", "Maximum", LESS, 1, 300, 1),
        ("standard-tiered", "broker-heap", "HeapMemoryAfterGC", "Average", GREATER, 60, 300, 3),
        ("standard-tiered", "broker-connections", "ClientConnectionCount", "Sum", GREATER, 2400, 60, 1),
        ("standard-tiered", "broker-connections-refused", "IAMTooManyConnections", "Sum", GREATER, 0, 300, 1),
        ("standard-tiered", "broker-new-connections", "ConnectionCreationRate", "Sum", AT_LEAST, 80, 60, 3),
        (
            "standard-tiered",
            "broker-request-threads",
            "RequestHandlerAvgIdlePercent",
            "Average",
            LESS,
            0.3,
            300,
            1,
        ),
        ("standard-tiered", "broker-bandwidth-in", "BwInAllowanceExceeded", "Sum", GREATER, 0, 300, 1),
        ("everything", "broker-partitions", "PartitionCount", "Maximum", GREATER, 2000, 300, 1),
        ("three-zone-express", "broker-partitions", "PartitionCount", "Maximum", GREATER, 1000, 300, 1),
        ("three-zone-express", "broker-bytes-in", "BytesInPerSec", "Average", GREATER, 12_480_000, 300, 1),
        ("three-zone-express", "broker-bytes-out", "BytesOutPerSec", "Average", GREATER, 24_960_000, 300, 1),
    ],
)
def test_brokers_are_held_to_what_aws_says(
    institutions: list[Made],
    file: str,
    alarm: str,
    metric: str,
    statistic: str,
    beyond: str,
    limit: float,
    seconds: int,
    times: int,
) -> None:
    """By the table of thresholds in Amazon MSK's best practices, and 80 % of its quotas."""
    found = watched.alarms(named(institutions, file))[alarm]
    looks = [query["MetricStat"] for query in found.get("Metrics", []) if "MetricStat" in query]
    first = (
        (looks[0]["Metric"]["MetricName"], looks[0]["Stat"], looks[0]["Period"])
        if looks
        else (found["MetricName"], found["Statistic"], found["Period"])
    )
    assert first == (metric, statistic, seconds)
    assert found["ComparisonOperator"] == beyond
    assert found["Threshold"] == pytest.approx(limit)
    assert found["EvaluationPeriods"] == times


def test_each_broker_is_in_the_alarms_and_on_the_dashboard(made: Made) -> None:
    settings = made.settings
    counted = settings.kafka in ("msk-standard", "msk-express")
    brokers = {str(number) for number in range(1, settings.broker_count + 1)} if counted else set()
    looked_at: dict[str, set[str]] = {}
    for each in watched.everything(made):
        if "Broker ID" in each.dimensions:
            looked_at.setdefault(each.name, set()).add(each.dimensions["Broker ID"])
    assert all(each == brokers for each in looked_at.values())
    assert bool(looked_at) == counted


def test_alarm_of_many_brokers_stands_on_ten_metrics_at_most_and_on_the_worst(made: Made) -> None:
    for name, alarm in watched.alarms(made).items():
        queries = alarm.get("Metrics", [])
        assert len([each for each in queries if "MetricStat" in each]) <= 10, name
        for query in queries[-1:]:
            assert query["ReturnData"] is True
            worst = "MAX" if alarm["ComparisonOperator"].startswith("Greater") else "MIN"
            assert query["Expression"].startswith(f"{worst}(["), name
        assert [each["ReturnData"] for each in queries[:-1]] == [False] * len(queries[:-1]), name


def test_cpu_is_the_sum_of_both_and_takes_an_alarm_for_five_brokers(institutions: list[Made]) -> None:
    alarms = watched.alarms(named(institutions, "everything"))
    first, second = alarms["broker-cpu"]["Metrics"], alarms["broker-cpu-2"]["Metrics"]
    assert [query["Expression"] for query in first if "Expression" in query] == [
        *(f"m{number}_1 + m{number}_2" for number in range(1, 6)),
        "MAX([s1, s2, s3, s4, s5])",
    ]
    assert second[-1]["Expression"] == "MAX([s1, s2, s3, s4])"
    assert alarms["broker-cpu-2"]["AlarmDescription"].endswith("#broker-cpu")


def test_credits_count_on_a_broker_that_saves_none(institutions: list[Made]) -> None:
    """A new one has none, and one that is idle gets them."""
    queries = watched.alarms(named(institutions, "tiny-trial"))["broker-cpu-credits"]["Metrics"]
    assert [query["MetricStat"]["Metric"]["MetricName"] for query in queries if "MetricStat" in query] == [
        "CPUCreditBalance",
        "CpuUser",
        "CpuSystem",
    ] * 3
    assert [query["Expression"] for query in queries if "Expression" in query] == [
        *(f"IF(m{number}_2 + m{number}_3 >= 18, m{number}_1, 576)" for number in (1, 2, 3)),
        "MIN([s1, s2, s3])",
    ]


def test_parts_are_shared_out_without_losing_one() -> None:
    parts = [(Series("AWS/Kafka", "CpuUser", {"Broker ID": str(number)}),) for number in range(60)]
    shared = list(alarm_parts(parts))
    assert [len(each) for each in shared] == [10] * 6
    assert [part for each in shared for part in each] == parts


def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_is_over(made: Made) -> None:
    topics = {
        f"foundation/{logical_id}"
        for logical_id, resource in made.templates["foundation"]["Resources"].items()
        if resource["Type"] == "AWS::SNS::Topic"
    }
    for name, alarm in watched.alarms(made).items():
        for actions in ("AlarmActions", "OKActions"):
            assert {watched.text(made, each) for each in alarm[actions]} == topics, name


def test_alarms_are_of_the_rules_that_the_settings_ask_for(made: Made) -> None:
    found = {alarm["AlarmDescription"].rpartition("#")[2] for alarm in watched.alarms(made).values()}
    assert found == {rule.id for rule in rules.alarms_of(made.settings)}
    page = made.settings.runbook_url or "docs/runbooks.md"
    for name, alarm in watched.alarms(made).items():
        assert f": {page}#" in alarm["AlarmDescription"], name
        assert "{" not in alarm["AlarmDescription"], name


def test_a_trial_has_ten_alarms_at_most(institutions: list[Made]) -> None:
    found = watched.alarms(named(institutions, "tiny-trial"))
    essential = {rule.id for rule in rules.RULES if rule.essential}
    # A trial's address is AWS's, and so is its certificate.
    assert found.keys() == essential - {"certificate"}
    assert len(found) == 9


@pytest.mark.parametrize(
    ("context", "alarmed"),
    [
        ({"preset": "lab"}, False),
        ({"preset": "lab", "public_url": "https://octopus.anl.example"}, True),
        ({"preset": "lab", "public_url": "https://octopus.anl.example", "public_requests": "0"}, False),
        ({**CAMPUS, "public_requests": "0"}, True),
    ],
)
def test_certificate_is_alarmed_where_it_is_ones_own_and_somebody_looks(
    context: dict[str, str], alarmed: bool
) -> None:
    settings = Settings.from_context({"institution": "anl", **context})
    assert rules.BY_ID["certificate"].holds(settings) == alarmed


@pytest.mark.parametrize(
    ("region", "calls"), [("us-east-1", 100_000), ("eu-central-1", 20_000), ("sa-east-1", 10_000)]
)
def test_calls_to_kms_are_held_to_what_a_region_lets_an_account_ask(region: str, calls: int) -> None:
    settings = Settings.from_context({"institution": "anl", "preset": "lab", "region": region})
    rule = rules.BY_ID["keys-throttled"]
    assert (rule.statistic, rule.period_s) == ("Sum", 60)
    assert rule.limit_for(settings) == pytest.approx(0.8 * calls * 60)


def test_silence_of_the_heartbeat_is_an_alarm(made: Made) -> None:
    alarms = watched.alarms(made)
    assert alarms["heartbeat-kafka"]["TreatMissingData"] == "breaching"
    assert ("heartbeat-https" in alarms) == made.settings.heartbeat_over_https
    silent = {name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"}
    assert silent <= {"heartbeat-kafka", "heartbeat-https", "tasks-few"}


def test_silence_is_told_of_once_the_function_is_there_that_writes(made: Made) -> None:
    resources = made.templates["monitoring"]["Resources"]
    each_minute = {
        logical_id
        for logical_id, resource in resources.items()
        if "ScheduleExpression" in resource["Properties"]
    }
    silent = [
        resource
        for resource in resources.values()
        if resource["Properties"].get("TreatMissingData") == "breaching"
    ]
    assert silent
    assert all(each_minute <= set(alarm.get("DependsOn", [])) for alarm in silent)


def test_limits_are_the_settings() -> None:
    settings = Settings.from_context(
        {
            **CAMPUS,
            "alarm_ceiling_percent": "70",
            "alarm_secret_age_days": "30",
            "alarm_certificate_days": "9",
        }
    )
    wanted = {"iam-users": 70, "iam-policies": 70, "globus-secret-age": 30, "certificate": 9}
    assert {id_: rules.BY_ID[id_].limit_for(settings) for id_ in wanted} == wanted


# Events


def test_events_go_to_the_topic_with_their_runbook(made: Made) -> None:
    found = {
        resource["Properties"]["Name"].removeprefix(made.settings.named("")): resource["Properties"]
        for resource in made.templates["monitoring"]["Resources"].values()
        if resource["Type"] == "AWS::Events::Rule" and "Name" in resource["Properties"]
    }
    assert set(found) == {rule.id for rule in rules.events_of(made.settings)}
    for id_, rule in found.items():
        (target,) = rule["Targets"]
        assert watched.text(made, target["Arn"]).startswith("foundation/AlarmsTopic")
        letter = target["InputTransformer"]["InputTemplate"]
        told = json.loads(letter.replace("<aws.events.event.json>", '{"source": "aws.health"}'))
        assert told["event"] == {"source": "aws.health"}
        assert told["says"].endswith(f"#{id_}")
        assert len(rule["Description"]) <= 512


def test_events_are_of_this_installation(made: Made) -> None:
    settings = made.settings
    patterns = {
        resource["Properties"]["Name"].removeprefix(settings.named("")): resource["Properties"][
            "EventPattern"
        ]
        for resource in made.templates["monitoring"]["Resources"].values()
        if "EventPattern" in resource["Properties"]
    }
    told_of = patterns["aws-health"]["detail"]
    assert told_of["eventRegion"] == [settings.region, "global", {"exists": False}]
    assert ("KAFKA" in told_of["service"]) == settings.on_msk
    assert ("ECS" in told_of["service"]) == settings.in_fargate
    assert ("ACM" in told_of["service"]) == bool(settings.domain)
    assert ("WAF" in told_of["service"]) == settings.waf
    assert ("deployment-failed" in patterns) == settings.in_fargate
    here = f":{settings.region}:<AWS::AccountId>:"
    for id_ in {"deployment-failed", "tasks-not-started"} & patterns.keys():
        (service,) = patterns[id_]["resources"]
        arn = f"arn:<AWS::Partition>:ecs{here}service/{settings.named('web')}/"
        assert watched.text(made, service["prefix"]) == arn
    assert ("broker-events" in patterns) == settings.on_msk
    if settings.on_msk:
        brokers, nothing = patterns["broker-events"]["resources"]
        arn = f"arn:<AWS::Partition>:kafka{here}*/{settings.cluster_name}/*"
        assert watched.text(made, brokers["wildcard"]) == arn
        assert nothing == {"exists": False}


# The heartbeat over HTTPS


def test_function_that_reads_over_https_is_there_where_tasks_and_no_process_look(made: Made) -> None:
    settings = made.settings
    functions = [
        resource
        for resource in made.templates["monitoring"]["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    assert bool(functions) == (settings.in_fargate and settings.heartbeat_over_https)


def test_release_updates_whatever_names_what_other_stacks_made(made: Made) -> None:
    """CloudFormation reads outputs again where something else changes; some are names that AWS gives."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    watching = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Lambda::Function")
    named = [
        resource
        for resource in made.templates["monitoring"]["Resources"].values()
        if resource["Type"] in watching and "Fn::GetStackOutput" in json.dumps(resource)
    ]
    assert set(watching[:2]) <= {one["Type"] for one in named}
    for resource in named:
        assert {"Key": RELEASE_TAG, "Value": version} in resource["Properties"]["Tags"]
