"""What a round makes of what it finds, and whom it tells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from octopus.heartbeat import report as reports
from octopus.heartbeat.figures import Figures
from octopus.heartbeat.kafka_probe import KafkaFound
from octopus.heartbeat.looking import Answer
from octopus.heartbeat.report import Away
from octopus.heartbeat.service import Heartbeat, Probes
from octopus.heartbeat.web_probe import HttpsFound
from octopus.metrics.catalogue import catalogue
from octopus.metrics.put import PutMetrics
from octopus.status.models import UNSEEN, Part
from octopus.status.store import StatusStore

ALL_WELL = {"kafka": True, "dynamodb": True, "iam": True, "globus": True}
THROUGH = KafkaFound(reached=True, sign_in_s=0.1, produced=True, consumed=True, round_trip_s=0.25)
READ = HttpsFound(answers=True, seconds=0.5, age_s=2.0)
START = 1_795_348_800.0


@dataclass
class Fabric:
    """What there is to be found, and where it is told."""

    status: StatusStore
    file: Path
    put: list[dict[str, float]] = field(default_factory=list)
    kafka: KafkaFound = THROUGH
    breaks: frozenset[str] = frozenset()
    https: HttpsFound | None = READ
    checks: Mapping[str, bool] | None = field(default_factory=lambda: ALL_WELL)
    judge: bool = True
    now: float = START

    def heartbeat(self) -> Heartbeat:
        """Begins to look."""
        return Heartbeat(
            Probes(
                kafka=lambda: self.found("kafka", self.kafka),
                readiness=lambda: self.found("readiness", self.checks),
                https=(lambda: self.found("https", self.https or READ)) if self.https else None,
                certificate_days=lambda: self.found("certificates", 42.0),
                judge=lambda: self.found("judge", self.judge),
            ),
            status=self.status,
            metrics=PutMetrics(self, institution="anl"),  # type: ignore[arg-type]
            file=self.file,
            clock=lambda: self.now,
        )

    def found(self, probe: str, answer: Answer) -> Answer:
        """What a probe says, unless it breaks."""
        if probe in self.breaks:
            raise RuntimeError(probe)
        return answer

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803 - boto3's
        """CloudWatch's one call."""
        assert Namespace == "Octopus/anl"
        self.put.append({one["MetricName"]: one["Value"] for one in MetricData})

    def told(self) -> dict[Part, bool]:
        """What the registry holds."""
        return {one.part: one.works for one in self.status.read()}


@pytest.fixture
def fabric(database: Any, table: str, tmp_path: Path) -> Fabric:
    return Fabric(StatusStore(database, table), tmp_path / "heartbeat.json")


def test_round_through_everything_is_told_everywhere(fabric: Fabric) -> None:
    heartbeat = fabric.heartbeat()

    report = heartbeat.beat()

    assert (report.round, report.broken, report.away) == (1, {}, ())
    assert fabric.told() == dict.fromkeys(Part, True)
    measured = {
        "KafkaAnswers": 1.0,
        "KafkaSignInSeconds": 0.1,
        "KafkaRoundTripSeconds": 0.25,
        "HttpsAnswers": 1.0,
        "HttpsSeconds": 0.5,
        "FreshnessSeconds": 2.0,
        "CertificateDays": 42.0,
    }
    assert fabric.put == [measured]
    assert measured.keys() == {one.name for one in catalogue().values() if one.component == "heartbeat"}
    shown = {
        sample.name: sample.value
        for family in heartbeat.figures.registry.collect()
        for sample in family.samples
    }
    assert sorted(shown.values()) == sorted(measured.values())
    assert shown["octopus_heartbeat_kafka_round_trip_seconds"] == 0.25


@pytest.mark.parametrize(
    ("found", "broken", "away"),
    [
        (
            {"kafka": KafkaFound(reached=False)},
            {Part.KAFKA_SIGN_IN, Part.PRODUCE, Part.CONSUME},
            {Away.BROKERS},
        ),
        (
            {"kafka": KafkaFound(reached=True), "judge": False},
            {Part.KAFKA_SIGN_IN, Part.PRODUCE, Part.CONSUME},
            {Away.JUDGE},
        ),
        (
            {"kafka": KafkaFound(reached=None)},
            {Part.KAFKA_SIGN_IN, Part.PRODUCE, Part.CONSUME},
            set(),
        ),
        ({"kafka": KafkaFound(reached=True, sign_in_s=0.1, consumed=True)}, {Part.PRODUCE}, set()),
        ({"kafka": KafkaFound(reached=True, sign_in_s=0.1, consumed=None)}, {Part.PRODUCE}, set()),
        ({"breaks": {"kafka"}}, {Part.KAFKA_SIGN_IN, Part.PRODUCE, Part.CONSUME}, set()),
        ({"breaks": {"https"}}, {Part.HTTPS}, set()),
        ({"breaks": {"readiness"}}, {Part.LOGIN, Part.MANAGEMENT}, {Away.SERVICE}),
        ({"breaks": {"judge", "certificates"}}, set(), set()),
        ({"kafka": KafkaFound(reached=True, sign_in_s=0.1, produced=True)}, {Part.CONSUME}, set()),
        (
            {"checks": None, "https": HttpsFound(answers=False)},
            {Part.LOGIN, Part.MANAGEMENT, Part.HTTPS},
            {Away.SERVICE},
        ),
        ({"checks": {**ALL_WELL, "globus": False}}, {Part.LOGIN}, {Away.GLOBUS}),
        ({"checks": {**ALL_WELL, "dynamodb": False}}, {Part.MANAGEMENT}, set()),
        ({"checks": {**ALL_WELL, "gateway": False}}, set(), set()),
    ],
)
def test_path_that_is_broken_is_told_and_what_gave_no_answer(
    fabric: Fabric, found: dict[str, Any], broken: set[Part], away: set[Away]
) -> None:
    for name, value in found.items():
        setattr(fabric, name, value)

    report = fabric.heartbeat().beat()

    assert report.broken.keys() == broken
    assert set(report.away) == away
    assert {part for part, works in fabric.told().items() if not works} == broken
    through = fabric.kafka.round_trip_s is not None and "kafka" not in fabric.breaks
    assert fabric.put[-1]["KafkaAnswers"] == float(through)


def test_what_was_not_measured_is_neither_put_nor_shown(fabric: Fabric) -> None:
    heartbeat = fabric.heartbeat()
    heartbeat.beat()
    fabric.kafka = KafkaFound(reached=False)

    heartbeat.beat()

    assert "KafkaSignInSeconds" not in fabric.put[-1]
    shown = heartbeat.figures.registry.get_sample_value("octopus_heartbeat_kafka_sign_in_seconds")
    assert shown is not None
    assert math.isnan(shown)


def test_who_looks_at_https_elsewhere_says_nothing_of_it_here(fabric: Fabric) -> None:
    fabric.https = None

    fabric.heartbeat().beat()

    assert Part.HTTPS not in fabric.told()
    assert "HttpsAnswers" not in fabric.put[-1]


def test_since_stays_while_a_part_stands_as_it_did_for_the_next_process_too(fabric: Fabric) -> None:
    fabric.kafka = KafkaFound(reached=False)
    fabric.heartbeat().beat()
    fabric.now += 60

    report = fabric.heartbeat().beat()

    assert report.checked == datetime.fromtimestamp(START + 60, UTC)
    assert report.broken[Part.PRODUCE] == datetime.fromtimestamp(START, UTC)
    assert reports.read(fabric.file) == report


def test_registry_that_is_away_is_named_and_the_rest_is_told(
    fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(fabric.status, "tell", away)

    report = fabric.heartbeat().beat()

    assert report.away == (Away.AWS,)
    assert reports.read(fabric.file) == report
    assert len(fabric.put) == 1


def test_cloudwatch_that_is_away_keeps_nothing_from_being_told(
    fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(fabric, "put_metric_data", away)

    assert fabric.heartbeat().beat().away == ()
    assert fabric.told() == dict.fromkeys(Part, True)


def test_file_that_cannot_be_written_ends_no_round(fabric: Fabric, tmp_path: Path) -> None:
    fabric.file = tmp_path / "nowhere" / "heartbeat.json"

    assert fabric.heartbeat().beat().broken == {}


def test_part_of_which_nothing_could_be_found_is_not_told(fabric: Fabric) -> None:
    fabric.kafka = KafkaFound(reached=True, sign_in_s=0.1, consumed=None)

    report = fabric.heartbeat().beat()

    assert Part.CONSUME not in fabric.told()
    assert Part.CONSUME not in report.parts


@pytest.mark.parametrize("content", ["", '{"round": 1, "checked": "today"}', '["of another release"]'])
def test_report_that_cannot_be_read_is_begun_anew(fabric: Fabric, content: str) -> None:
    fabric.file.write_text(content)

    report = fabric.heartbeat().beat()

    assert report.round == 1
    assert reports.read(fabric.file) == report


def test_report_of_a_part_that_this_release_does_not_know_is_none(fabric: Fabric) -> None:
    fabric.heartbeat().beat()
    fabric.file.write_text(fabric.file.read_text().replace("https", "triggers"))

    assert reports.read(fabric.file) is None


def test_figures_are_no_numbers_once_nobody_has_looked_for_three_minutes() -> None:
    now = [0.0]
    figures = Figures(clock=lambda: now[0])

    def shown() -> float | None:
        return figures.registry.get_sample_value("octopus_heartbeat_kafka_answers")

    figures.show({"KafkaAnswers": 1.0})
    now[0] = UNSEEN.total_seconds()
    assert shown() == 1.0
    now[0] += 1
    assert math.isnan(shown() or 0)
    figures.show({"KafkaAnswers": 0.0})
    assert shown() == 0.0
