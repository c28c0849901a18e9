"""Ceilings of IAM that every user of a fabric brings nearer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from structlog.testing import capture_logs

from octopus.accounts.ceilings import Ceilings
from octopus.metrics.put import PutMetrics


@pytest.mark.parametrize(("policies", "warned"), [(1199, []), (1200, ["Policies"])])
def test_share_of_each_ceiling_is_measured_and_a_near_one_warned_of(
    cloud: boto3.Session, monkeypatch: pytest.MonkeyPatch, policies: int, warned: list[str]
) -> None:
    figures = {"Users": 50, "UsersQuota": 5000, "Policies": policies, "PoliciesQuota": 1500}
    iam: Any = cloud.client("iam")
    cloudwatch: Any = cloud.client("cloudwatch")
    monkeypatch.setattr(iam, "get_account_summary", lambda: {"SummaryMap": figures})

    with capture_logs() as logged:
        Ceilings(iam, PutMetrics(cloudwatch, institution="anl"), warn_percent=80).measure()

    assert [line["ceiling"] for line in logged if line["log_level"] == "warning"] == warned
    metrics = cloudwatch.get_metric_data(
        StartTime=datetime.now(UTC) - timedelta(minutes=5),
        EndTime=datetime.now(UTC) + timedelta(minutes=5),
        MetricDataQueries=[
            {
                "Id": name.lower(),
                "MetricStat": {
                    "Metric": {"Namespace": "Octopus/anl", "MetricName": name},
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for name in ("UsersOfCeiling", "ManagedPoliciesOfCeiling")
        ],
    )["MetricDataResults"]
    assert [result["Values"] for result in metrics] == [[1.0], [pytest.approx(policies / 15)]]
