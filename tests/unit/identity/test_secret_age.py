"""How old the secret of the Globus client is."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest

from octopus.identity.secret_age import SecretAge
from octopus.metrics.put import PutMetrics

NAME = "octopus/lab/globus-client-secret"
DAY_S = 86400


class Written(PutMetrics):
    """What would go to CloudWatch."""

    def __init__(self) -> None:
        self.values: list[dict[str, float]] = []

    def put(self, values: Any) -> None:
        self.values.append(dict(values))


@pytest.fixture
def written() -> Written:
    return Written()


def age(cloud: boto3.Session, written: Written, *, days_later: float = 0) -> SecretAge:
    client: Any = cloud.client("secretsmanager")
    return SecretAge(client, written, name=NAME, clock=lambda: time.time() + days_later * DAY_S)


def test_days_are_those_since_the_secret_was_replaced_not_since_it_was_tagged(
    cloud: boto3.Session, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets: Any = cloud.client("secretsmanager")
    secrets.create_secret(Name=NAME, SecretString="first")
    age(cloud, written, days_later=40).measure()
    with monkeypatch.context() as later:
        now = time.time()
        later.setattr(time, "time", lambda: now + 30 * DAY_S)
        secrets.tag_resource(SecretId=NAME, Tags=[{"Key": "team", "Value": "beamline"}])
        secrets.put_secret_value(SecretId=NAME, SecretString="second")
    age(cloud, written, days_later=40).measure()

    assert [list(values) for values in written.values] == [["GlobusSecretAgeDays"]] * 2
    assert [values["GlobusSecretAgeDays"] for values in written.values] == [
        pytest.approx(40, abs=0.01),
        pytest.approx(10, abs=0.01),
    ]


def test_no_secret_has_no_age(cloud: boto3.Session, written: Written) -> None:
    age(cloud, written).measure()

    assert written.values == []
