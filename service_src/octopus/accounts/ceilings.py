"""How near the AWS account is to IAM's ceilings on what every user of a fabric needs some of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from octopus.metrics.put import PutMetrics

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

METRICS = {"Users": "UsersOfCeiling", "Policies": "ManagedPoliciesOfCeiling"}
"""What IAM counts, and the metric that says how much of its quota that is."""

_log = structlog.get_logger(__name__)


class Ceilings:
    """Looks at IAM's ceilings of one AWS account, which all its fabrics and people share.

    Args:
        warn_percent: of a ceiling, at which the log says so; the alarm has the same.
    """

    def __init__(self, iam: IAMClient, metrics: PutMetrics, *, warn_percent: int) -> None:
        self._iam = iam
        self._metrics = metrics
        self._warn_percent = warn_percent

    def measure(self) -> None:
        """Write the metrics that alarms stand on, and into the log a warning of each ceiling that is near."""
        figures: Mapping[Any, int] = self._iam.get_account_summary()["SummaryMap"]
        percents: dict[str, float] = {}
        for things, metric in METRICS.items():
            held, most = figures[things], figures[f"{things}Quota"]
            percent = 100 * held / most
            percents[metric] = percent
            if percent >= self._warn_percent:
                _log.warning("iam.ceiling_near", ceiling=things, held=held, most=most)
        self._metrics.put(percents)
