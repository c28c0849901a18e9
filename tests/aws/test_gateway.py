"""What API Gateway, its link, the web ACL and the balancer make of a request."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.aws.conftest import LONGEST_S
from tests.aws_account import Account

pytestmark = [pytest.mark.aws, pytest.mark.timeout(LONGEST_S)]

RECORD = "' OR 1=1; DROP TABLE users; -- <script>alert(1)</script> ".ljust(10_000, "x")
"""What the common rules of a web ACL hold for an attack, in more bytes than they read."""
LOGGED_S = 300


@pytest.fixture(scope="module")
def gateway(account: Account, institution: str, deployed: None) -> Iterator[httpx.Client]:
    """A client of the API."""
    with httpx.Client(base_url=account.gateway(f"octopus-{institution}-service"), timeout=60) as client:
        yield client


def refusal(reply: httpx.Response) -> tuple[int, int]:
    """Status and code of a refusal in the fabric's own words."""
    body = reply.json()
    assert set(body) == {"status", "error_code", "message"}
    return reply.status_code, body["error_code"]


def test_a_request_goes_through_link_and_balancer_to_a_task(gateway: httpx.Client) -> None:
    assert gateway.get("/health/live").status_code == 200


def test_a_request_without_a_good_token_is_refused_in_the_fabrics_words(gateway: httpx.Client) -> None:
    assert refusal(gateway.post("/api/v3/user")) == (401, 401)
    reply = gateway.post("/api/v3/user", headers={"Authorization": "Bearer nobodys"})
    # 503 while nobody has registered the service at Globus.
    assert refusal(reply) in ((401, 401), (503, 503))


def test_five_hundred_records_of_ten_kilobytes_pass_the_web_acl(gateway: httpx.Client) -> None:
    body = {"records": [{"value": RECORD} for _ in range(500)]}
    reply = gateway.post("/api/v3/ns-000000000000/lane/records", json=body)
    # The web ACL is asked before the authorizer: it would say 403.
    assert refusal(reply) == (401, 401)


def test_a_body_beyond_ten_megabytes_is_refused_in_the_fabrics_words(gateway: httpx.Client) -> None:
    reply = gateway.post("/api/v3/ns-000000000000/lane/records", content=b"x" * (11 << 20))
    assert refusal(reply) == (413, 413)


def test_who_asks_too_often_is_told_when_to_come_again(gateway: httpx.Client) -> None:
    path = "/api/v3/public/nobody/nothing/records"
    with ThreadPoolExecutor(40) as askers:
        replies = list(askers.map(lambda _: gateway.get(path), range(400)))
    held = [reply for reply in replies if reply.status_code == 429]
    assert held
    assert all(reply.headers["Retry-After"] for reply in held)
    assert {refusal(reply) for reply in held} == {(429, 429)}


def test_status_says_that_the_public_address_works(gateway: httpx.Client) -> None:
    def https() -> bool:
        parts = gateway.get("/api/v3/status").raise_for_status().json()["parts"]
        return next(bool(part["works"]) for part in parts if part["part"] == "https")

    # The function looks once a minute, and the first heartbeat comes with the first task.
    attempts = Retrying(
        retry=retry_if_result(lambda works: not works), stop=stop_after_delay(LOGGED_S), wait=wait_fixed(15)
    )
    assert attempts(https)


def test_what_lies_below_the_status_is_behind_the_authorizer(gateway: httpx.Client) -> None:
    """A project of an earlier release may be called so."""
    assert refusal(gateway.get("/api/v3/status/measurements")) == (401, 401)


def test_public_records_are_streamed_and_the_rest_is_not(account: Account, institution: str) -> None:
    apigateway = account.client("apigateway")
    api = account.outputs(f"octopus-{institution}-service")["GatewayId"]
    found = apigateway.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]
    modes = {
        (each["path"], method): apigateway.get_integration(
            restApiId=api, resourceId=each["id"], httpMethod=method
        ).get("responseTransferMode", "BUFFERED")
        for each in found
        for method in each.get("resourceMethods", {})
    }
    assert modes["/api/v3/public/{proxy+}", "GET"] == "STREAM"
    assert modes["/health/{proxy+}", "GET"] == "BUFFERED"


def test_the_log_of_access_is_written_and_holds_no_token(
    account: Account, institution: str, gateway: httpx.Client
) -> None:
    token = "a-token-that-must-not-be-logged"
    gateway.post("/api/v3/user", headers={"Authorization": f"Bearer {token}"})
    made = account.outputs(f"octopus-{institution}-service")
    stage = account.client("apigateway").get_stage(
        restApiId=made["GatewayId"], stageName=made["GatewayStage"]
    )
    group = stage["accessLogSettings"]["destinationArn"].rpartition(":log-group:")[2].removesuffix(":*")
    pages = account.client("logs").get_paginator("filter_log_events")

    def lines() -> list[str]:
        found = pages.paginate(logGroupName=group)
        return [event["message"] for page in found for event in page["events"]]

    attempts = Retrying(
        retry=retry_if_result(lambda found: not found), stop=stop_after_delay(LOGGED_S), wait=wait_fixed(5)
    )
    written = attempts(lines)
    assert [line for line in written if token in line] == []
