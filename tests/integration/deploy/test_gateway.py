"""Requests through the deployed gateway, with a real function as its authorizer."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import httpx
import pytest

from octopus.fabric.supervision import wait_until
from tests.aws_account import Account
from tests.embedded_format import metrics_of
from tests.integration.deploy.conftest import (
    CLIENT,
    CLIENT_SECRET,
    Asked,
    Upstream,
    bearer,
    good_token,
    token_for,
)
from tests.patience import PATIENCE_S


def test_a_good_token_reaches_the_service_with_its_request(
    gateway: httpx.Client, web_service: Upstream
) -> None:
    token = good_token()
    body = b'{"topic": "\xc3\xa9"}\x00'
    reply = gateway.post("/api/v3/ns-0d9a6a9a4b11/t?x=1&y=2", content=body, headers=bearer(token))
    assert (reply.status_code, reply.json()) == (
        200,
        {"method": "POST", "path": "/api/v3/ns-0d9a6a9a4b11/t?x=1&y=2"},
    )
    asked = web_service.asked[-1]
    assert asked.body == body
    # The service checks the token itself.
    assert asked.headers["authorization"] == f"Bearer {token}"


def test_a_second_request_asks_nobody(gateway: httpx.Client, globus: Upstream) -> None:
    token = good_token()
    assert gateway.post("/api/v3/user", headers=bearer(token)).status_code == 200
    asked = len(globus.asked)
    assert gateway.post("/api/v3/user", headers=bearer(token)).status_code == 200
    # The answer covers the stage: other paths and methods too.
    assert gateway.delete("/api/v3/ns-0d9a6a9a4b11/t", headers=bearer(token)).status_code == 200
    assert len(globus.asked) == asked


def refusal(reply: httpx.Response) -> tuple[int, str, int]:
    body = reply.json()
    assert set(body) == {"status", "error_code", "message"}
    return reply.status_code, body["status"], body["error_code"]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic aWQ6c2VjcmV0"}, {"Authorization": "Bearer"}]
)
def test_without_a_token_nobody_is_asked_and_the_answer_is_401(
    gateway: httpx.Client, globus: Upstream, web_service: Upstream, headers: dict[str, str]
) -> None:
    before = len(globus.asked), len(web_service.asked)
    assert refusal(gateway.post("/api/v3/user", headers=headers)) == (401, "error", 401)
    assert (len(globus.asked), len(web_service.asked)) == before


@pytest.mark.parametrize(
    "change",
    [{"active": False}, {"aud": ["another"]}, {"exp": 1}],
    ids=["inactive", "other-audience", "expired"],
)
def test_a_token_that_is_not_good_is_401(
    gateway: httpx.Client, web_service: Upstream, change: dict[str, object]
) -> None:
    before = len(web_service.asked)
    assert refusal(gateway.post("/api/v3/user", headers=bearer(good_token(**change)))) == (401, "error", 401)
    assert len(web_service.asked) == before


def test_a_token_without_the_scope_is_403(gateway: httpx.Client, web_service: Upstream) -> None:
    before = len(web_service.asked)
    reply = gateway.post("/api/v3/user", headers=bearer(good_token(scope="openid")))
    assert refusal(reply) == (403, "error", 403)
    assert len(web_service.asked) == before


def test_an_auth_that_is_away_is_503_and_never_access(gateway: httpx.Client, web_service: Upstream) -> None:
    before = len(web_service.asked)
    assert refusal(gateway.post("/api/v3/user", headers=bearer(token_for(500)))) == (503, "error", 503)
    assert len(web_service.asked) == before


@pytest.mark.parametrize("path", ["/health/live", "/api/v3/public/about", "/api/v3/status"])
def test_health_status_and_how_to_log_in_need_no_token(
    gateway: httpx.Client, globus: Upstream, path: str
) -> None:
    before = len(globus.asked)
    assert gateway.get(path).json() == {"method": "GET", "path": path}
    assert len(globus.asked) == before


def test_public_records_need_no_token_and_nothing_else_lies_beside_them(
    gateway: httpx.Client, globus: Upstream, web_service: Upstream
) -> None:
    before = len(globus.asked)
    path = "/api/v3/public/lab-a/events/records?offset=latest"
    assert gateway.get(path).json() == {"method": "GET", "path": path}
    asked = len(web_service.asked)
    assert refusal(gateway.get("/api/v3/public")) == (401, "error", 401)
    assert gateway.post(path).status_code >= 400
    assert refusal(gateway.get("/api/v3/lab-a/public/records")) == (401, "error", 401)
    assert (len(globus.asked), len(web_service.asked)) == (before, asked)
    # Of a project that was called `status` before that began an address.
    for topic in ("/api/v3/ns-0d9a6a9a4b11/t", "/api/v3/status/t"):
        assert gateway.get(topic, headers=bearer(good_token())).json() == {"method": "GET", "path": topic}


def test_a_preflight_needs_no_token(gateway: httpx.Client) -> None:
    reply = gateway.options("/api/v3/user", headers={"Origin": "https://example.org"})
    assert reply.json() == {"method": "OPTIONS", "path": "/api/v3/user"}


def test_an_unknown_address_is_404(gateway: httpx.Client) -> None:
    assert refusal(gateway.get("/elsewhere")) == (404, "error", 404)


def test_no_log_holds_a_token(account: Account, gateway: httpx.Client) -> None:
    token = good_token()
    gateway.post("/api/v3/user", headers=bearer(token))
    logs = account.client("logs")
    groups = logs.describe_log_groups()["logGroups"]
    written = [
        event["message"]
        for group in groups
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert written
    assert [line for line in written if token in line or "bearer-" in line or CLIENT_SECRET in line] == []


def test_changed_secret_is_taken_without_a_deployment(
    account: Account, gateway: httpx.Client, globus: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gateway.post("/api/v3/user", headers=bearer(good_token())).status_code == 200
    introspect, secrets = globus.reply, account.client("secretsmanager")

    def basic(secret: str) -> str:
        return "Basic " + b64encode(f"{CLIENT}:{secret}".encode()).decode()

    def after_rotation(asked: Asked) -> tuple[int, bytes]:
        if asked.headers["authorization"] != basic("another"):
            return 401, b"{}"
        return introspect(replace(asked, headers={**asked.headers, "authorization": basic(CLIENT_SECRET)}))

    monkeypatch.setattr(globus, "reply", after_rotation)
    assert gateway.post("/api/v3/user", headers=bearer(good_token())).status_code == 503
    secrets.put_secret_value(SecretId="octopus/life/globus-client-secret", SecretString="another")
    try:
        assert gateway.post("/api/v3/user", headers=bearer(good_token())).status_code == 200
    finally:
        secrets.put_secret_value(SecretId="octopus/life/globus-client-secret", SecretString=CLIENT_SECRET)


def test_outcome_is_an_event_of_the_authorizers_log_by_itself(
    account: Account, gateway: httpx.Client
) -> None:
    assert gateway.post("/api/v3/user", headers=bearer(token := good_token())).status_code == 200
    assert gateway.post("/api/v3/user", headers=bearer(good_token(active=False))).status_code == 401
    assert gateway.post("/api/v3/user", headers=bearer(token_for(500))).status_code == 503
    logs = account.client("logs")
    (group,) = [
        found["logGroupName"]
        for found in logs.describe_log_groups()["logGroups"]
        if "AuthorizerLog" in found["logGroupName"]
    ]

    def counted() -> set[str]:
        lines = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        assert not [line for line in lines if token in line]
        metrics = [metrics_of(line, namespace="Octopus/life") for line in lines if line.startswith("{")]
        return {name for metric in metrics for name in metric}

    wait_until(
        lambda: counted() == {"TokensTaken", "TokensRefused", "TokensUnchecked"},
        seconds=PATIENCE_S,
        what="a count of each outcome",
    )
