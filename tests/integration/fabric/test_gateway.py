"""The whole way of a call: gateway, authorizer, web service, with the stand-in behind both."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import boto3
import httpx
import pytest

from octopus.identity.scopes import action_all
from tests.integration.fabric.conftest import RunningFabric
from tests.patience import PATIENCE_S

SERVICE_CLIENT = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"
AWS = "http://127.0.0.1:4566"


@pytest.fixture(scope="module")
def gateway(fabric: RunningFabric) -> Iterator[httpx.Client]:
    """A client of the deployed REST API."""
    assert fabric.processes()["emulator"]["ports"] == [4566]
    apis = boto3.client(
        "apigateway",
        endpoint_url=AWS,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    (api,) = apis.get_rest_apis()["items"]
    (stage,) = apis.get_stages(restApiId=api["id"])["item"]
    base = f"{AWS}/restapis/{api['id']}/{stage['stageName']}/_user_request_"
    with httpx.Client(base_url=base, timeout=PATIENCE_S) as client:
        yield client


def token(fabric: RunningFabric, name: str, scope: str) -> dict[str, str]:
    who = fabric.octopus("env", "--as", name)
    reply = httpx.post(
        f"{who['GLOBUS_SDK_SERVICE_URL_AUTH']}v2/oauth2/token",
        auth=(who["DIASPORA_SDK_CLIENT_ID"], who["DIASPORA_SDK_CLIENT_SECRET"]),
        data={"grant_type": "client_credentials", "scope": scope},
    )
    reply.raise_for_status()
    return {
        "Authorization": f"Bearer {reply.json()['access_token']}",
        "Subject": who["DIASPORA_SDK_CLIENT_ID"],
    }


def test_gateway_passes_a_good_token_on_to_the_service(fabric: RunningFabric, gateway: httpx.Client) -> None:
    headers = token(fabric, "gateway-user", action_all(SERVICE_CLIENT))
    created = gateway.post("/api/v3/user", headers=headers)
    assert created.status_code == 200
    assert created.json()["namespace"] == f"ns-{headers['Subject'][-12:]}"


def test_gateway_refuses_a_missing_a_foreign_and_a_made_up_token(
    fabric: RunningFabric, gateway: httpx.Client
) -> None:
    assert gateway.get("/api/v3/namespace").status_code == 401
    foreign = token(fabric, "gateway-user", "openid")
    assert gateway.get("/api/v3/namespace", headers=foreign).status_code == 401
    made_up = {**foreign, "Authorization": f"Bearer {uuid.uuid4().hex * 2}"}
    refused = gateway.get("/api/v3/namespace", headers=made_up)
    assert refused.status_code == 401
    assert refused.json()["status"] == "error"


def test_service_refuses_a_revoked_token_and_another_subject(
    fabric: RunningFabric, gateway: httpx.Client
) -> None:
    headers = token(fabric, "gateway-user", action_all(SERVICE_CLIENT))
    other = {**headers, "Subject": str(uuid.uuid4())}
    assert gateway.get("/api/v3/namespace", headers=other).status_code == 403
    who = fabric.octopus("env", "--as", "gateway-user")
    unused = token(fabric, "gateway-user", action_all(SERVICE_CLIENT))
    httpx.post(
        f"{who['GLOBUS_SDK_SERVICE_URL_AUTH']}v2/oauth2/token/revoke",
        auth=(who["DIASPORA_SDK_CLIENT_ID"], who["DIASPORA_SDK_CLIENT_SECRET"]),
        data={"token": unused["Authorization"].removeprefix("Bearer ")},
    ).raise_for_status()
    assert gateway.get("/api/v3/namespace", headers=unused).status_code == 401
