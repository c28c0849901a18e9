"""What the authorizer says of its answers to CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lambda_src.authorizer import handler as authorizer
from octopus.metrics.catalogue import catalogue
from tests.embedded_format import metrics_of
from tests.unit.authorizer.test_authorize import ARN, CLIENT, GOOD, SUBJECT, TOKEN

ALWAYS = 4_102_444_800.0
GOOD_TODAY = {**GOOD, "exp": ALWAYS}


class _GlobusAuth:
    def __init__(self, introspect: Callable[[str], Mapping[str, object]]) -> None:
        self.introspect = introspect


def _away(_token: str) -> Mapping[str, object]:
    raise authorizer.AuthAwayError("Globus Auth gave no answer")


def _broken(_token: str) -> Mapping[str, object]:
    raise RuntimeError("a fault of our own")


def _asked(
    monkeypatch: pytest.MonkeyPatch,
    introspect: Callable[[str], Mapping[str, object]],
    authorization: str = f"Bearer {TOKEN}",
) -> dict[str, Any]:
    monkeypatch.setenv("OCTOPUS_INSTITUTION", "anl")
    monkeypatch.setenv("OCTOPUS_GLOBUS_CLIENT_ID", CLIENT)
    monkeypatch.setattr(authorizer, "_globus_auth", lambda: _GlobusAuth(introspect))
    return authorizer.handler({"authorizationToken": authorization, "methodArn": ARN}, None)


def _counted(capsys: pytest.CaptureFixture[str]) -> dict[str, float | list[float]]:
    (line,) = capsys.readouterr().out.splitlines()
    for secret in (TOKEN, SUBJECT, CLIENT, ARN):
        assert secret not in line
    return metrics_of(line, namespace="Octopus/anl")


def test_token_that_is_let_through_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _asked(monkeypatch, lambda _: GOOD_TODAY)["principalId"] == SUBJECT
    assert _counted(capsys) == {"TokensTaken": 1}


def test_token_without_the_scope_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _asked(monkeypatch, lambda _: {**GOOD_TODAY, "scope": "openid"})
    assert _counted(capsys) == {"TokensRefused": 1}


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", "Basic aWQ6c2VjcmV0"])
def test_what_is_no_good_token_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], authorization: str
) -> None:
    with pytest.raises(authorizer.Unauthorized):
        _asked(monkeypatch, lambda _: {"active": False}, authorization)
    assert _counted(capsys) == {"TokensRefused": 1}


@pytest.mark.parametrize(
    ("introspect", "error"), [(_away, authorizer.AuthAwayError), (_broken, RuntimeError)]
)
def test_token_that_could_not_be_judged_is_unchecked(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    introspect: Callable[[str], Mapping[str, object]],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        _asked(monkeypatch, introspect)
    assert _counted(capsys) == {"TokensUnchecked": 1}


def test_outcomes_are_the_catalogues() -> None:
    named = (authorizer.TAKEN, authorizer.REFUSED, authorizer.UNCHECKED)
    assert sorted(named) == sorted(
        metric.name for metric in catalogue().values() if metric.component == "authorizer"
    )
    for name in named:
        line = authorizer.metric_line(name, institution="anl", now=0)
        (directive,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
        assert directive["Metrics"] == [{"Name": name, "Unit": catalogue()[name].unit}]
