"""A round of the heartbeat: looked at, then told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from octopus.heartbeat import report as reports
from octopus.heartbeat.figures import Figures
from octopus.heartbeat.kafka_probe import KafkaFound
from octopus.heartbeat.looking import Answer, begin
from octopus.heartbeat.report import Away, Report, Stand
from octopus.heartbeat.web_probe import HttpsFound
from octopus.metrics.put import PutMetrics
from octopus.status.models import Part
from octopus.status.store import StatusStore

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Probes:
    """What is looked at, all at once. Each answers within half a minute."""

    kafka: Callable[[], KafkaFound]
    readiness: Callable[[], Mapping[str, bool] | None]
    """Of the web service: its dependencies, or None when it does not answer."""
    https: Callable[[], HttpsFound] | None = None
    """None where somebody else looks."""
    certificate_days: Callable[[], float | None] = lambda: None
    judge: Callable[[], bool] = lambda: True
    """Whether it answers; also where there is none."""


class Heartbeat:
    """Looks at each part and tells the registry, CloudWatch, and whoever reads its file and figures.

    Args:
        probes: of what it looks at.
        status: the registry's rows.
        metrics: CloudWatch.
        file: of its report; none when None.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        probes: Probes,
        *,
        status: StatusStore,
        metrics: PutMetrics,
        file: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.figures = Figures()
        self._probes = probes
        self._status = status
        self._metrics = metrics
        self._file = file
        self._clock = clock
        self._round = 0
        # A process that has just begun goes on with what the one before it knew.
        self._last = reports.read(file) if file is not None else None
        if file is not None and self._last is None and file.exists():
            _log.warning("heartbeat.report_not_read", file=str(file))

    def beat(self) -> Report:
        """Look at everything once. Whatever cannot be told keeps nothing else from being told."""
        probes = self._probes
        asked_kafka = begin(partial(_answer, probes.kafka, KafkaFound(reached=None)))
        asked_https = (
            begin(partial(_answer, probes.https, HttpsFound(answers=False))) if probes.https else None
        )
        asked_readiness = begin(partial(_answer, probes.readiness, None))
        asked_judge = begin(partial(_answer, probes.judge, otherwise=True))
        asked_days = begin(partial(_answer, probes.certificate_days, None))
        kafka, checks = asked_kafka.result(), asked_readiness.result()
        https = asked_https.result() if asked_https else None
        parts = {**_of_service(checks), **_of_kafka(kafka)}
        if https is not None:
            parts[Part.HTTPS] = https.answers
        values = _values(kafka, https, asked_days.result())
        self.figures.show(values)
        registry = self._tell(parts)
        self._put(values)
        away = {
            Away.AWS: not registry,
            Away.BROKERS: kafka.reached is False,
            Away.JUDGE: not asked_judge.result(),
            Away.SERVICE: checks is None,
            Away.GLOBUS: checks is not None and not checks.get("globus", True),
        }
        return self._report(parts, tuple(one for one, is_away in away.items() if is_away))

    def _tell(self, parts: Mapping[Part, bool]) -> bool:
        """Whether the registry took it."""
        try:
            for part, works in parts.items():
                self._status.tell(part, works=works)
        except (BotoCoreError, ClientError) as error:
            _log.warning("heartbeat.not_told", reason=type(error).__name__)
            return False
        return True

    def _put(self, values: Mapping[str, float]) -> None:
        try:
            self._metrics.put(values)
        except (BotoCoreError, ClientError) as error:
            _log.warning("heartbeat.not_put", reason=type(error).__name__)

    def _report(self, parts: Mapping[Part, bool], away: tuple[Away, ...]) -> Report:
        now = datetime.fromtimestamp(self._clock(), UTC)
        known = self._last.parts if self._last is not None else {}
        stands = {
            part: known[part]
            if part in known and known[part].works == works
            else Stand(works=works, since=now)
            for part, works in parts.items()
        }
        self._round += 1
        report = Report(round=self._round, checked=now, parts=stands, away=away)
        for part in report.parts:
            before = known.get(part)
            if before is not None and before.works != report.parts[part].works:
                _log.warning("heartbeat.changed", part=part.value, works=report.parts[part].works, away=away)
        self._last = report
        if self._file is not None:
            try:
                reports.write(self._file, report)
            except OSError as error:
                _log.warning("heartbeat.not_written", file=str(self._file), reason=error.strerror)
        return report


def _answer(probe: Callable[[], Answer], otherwise: Answer) -> Answer:
    """What a probe finds; ``otherwise``, if it breaks: rather that is told than nothing of anything."""
    try:
        return probe()
    except Exception:  # noqa: BLE001 - whatever it is, the other probes have found something
        _log.exception("heartbeat.probe_broke")
        return otherwise


def _of_service(checks: Mapping[str, bool] | None) -> dict[Part, bool]:
    if checks is None:
        return {Part.LOGIN: False, Part.MANAGEMENT: False}
    # An address that is not known yet keeps nobody from managing anything.
    managed = {name: there for name, there in checks.items() if name not in ("globus", "gateway")}
    return {Part.LOGIN: checks.get("globus", True), Part.MANAGEMENT: all(managed.values())}


def _of_kafka(found: KafkaFound) -> dict[Part, bool]:
    parts = {Part.KAFKA_SIGN_IN: found.sign_in_s is not None, Part.PRODUCE: found.produced}
    return parts if found.consumed is None else {**parts, Part.CONSUME: found.consumed}


def _values(kafka: KafkaFound, https: HttpsFound | None, certificate_days: float | None) -> dict[str, float]:
    values: dict[str, float | None] = {
        "KafkaAnswers": float(kafka.round_trip_s is not None),
        "KafkaSignInSeconds": kafka.sign_in_s,
        "KafkaRoundTripSeconds": kafka.round_trip_s,
        "CertificateDays": certificate_days,
    }
    if https is not None:
        values |= {
            "HttpsAnswers": float(https.answers),
            "HttpsSeconds": https.seconds,
            "FreshnessSeconds": https.age_s,
        }
    return {name: value for name, value in values.items() if value is not None}
