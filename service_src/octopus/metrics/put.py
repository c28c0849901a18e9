"""Metrics that go to CloudWatch by its API, wherever the process runs: those that alarms always stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from octopus.metrics.catalogue import catalogue, namespace

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class PutMetrics:
    """Writes metrics of one installation."""

    def __init__(self, cloudwatch: CloudWatchClient, *, institution: str) -> None:
        self._cloudwatch = cloudwatch
        self._namespace = namespace(institution)

    def put(self, values: Mapping[str, float]) -> None:
        """Write one value each, as of now.

        Args:
            values: by a name of the catalogue, which says the unit.

        Raises:
            KeyError: the catalogue has no such name.
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: CloudWatch took nothing.
        """
        known = catalogue()
        self._cloudwatch.put_metric_data(
            Namespace=self._namespace,
            MetricData=[
                {"MetricName": name, "Value": value, "Unit": known[name].unit}
                for name, value in values.items()
            ],
        )
