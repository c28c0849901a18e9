"""A service that is there before its Globus client, brokers and gateway: alive, and saying what it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.stub import Stubber

from octopus import aws, learnt
from octopus.settings import ServiceSettings
from octopus.web import health
from octopus.web.app import create_app
from tests.unit.conftest import make_table

CLIENT = "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11"
SECRET_NAME = "octopus/t/globus-client-secret"
TOKEN = {"Authorization": f"Bearer {'a' * 40}"}
NOWHERE = "http://127.0.0.1:9/"

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(cloud: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Ask]]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(learnt, "AGAIN_S", 0.0)
    monkeypatch.setattr(health, "ANSWER_S", 30.0)  # on a busy machine, too
    aws._session.cache_clear()
    make_table(cloud.client("dynamodb"), "registry")
    # Moto does not know the question; a cluster that is being made is answered so.
    msk = cloud.client("kafka")
    stub = Stubber(msk)
    stub.add_response("get_bootstrap_brokers", {})
    stub.activate()
    monkeypatch.setattr(aws, "msk", lambda: msk)

    def service(**given: Any) -> Ask:
        told: dict[str, Any] = {
            "institution": "t",
            "kafka": "msk-standard",
            "registry_table": "registry",
            "credentials_table": "credentials",
            "credentials_key_arn": "key",
            "archive_bucket": "archive",
            "client_role_arn": "role",
            "cluster_arn": "arn:aws:kafka:us-east-1:111122223333:cluster/octopus-t/0e8fd0e8-5",
            "globus_secret_name": SECRET_NAME,
            "globus_auth_url": NOWHERE,
            **given,
        }
        app = create_app(ServiceSettings(**told))

        def asked(path: str, **headers: str) -> httpx.Response:
            async def send() -> httpx.Response:
                transport = httpx.ASGITransport(app=app)
                async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                    return await client.get(path, headers=headers)

            return asyncio.run(send())

        return asked

    yield service
    aws._session.cache_clear()


def test_service_without_a_client_is_alive_and_lets_nobody_in(ask: Callable[..., Ask]) -> None:
    service = ask()

    assert service("/health/live").status_code == 200
    refused = service("/api/v3/keys", **TOKEN)
    assert refused.status_code == 503
    assert "it has no globus_client_id" in refused.json()["message"]


def test_readiness_says_what_is_not_there_yet(ask: Callable[..., Ask]) -> None:
    ready = ask()("/health/ready")

    assert ready.status_code == 503
    assert ready.json()["checks"] == {
        "kafka": False,
        "dynamodb": True,
        "iam": True,
        "globus": False,
        "gateway": False,
    }
    reasons = ready.json()["reasons"]
    assert "MSK names none of octopus-t" in reasons["kafka"]
    assert "111122223333" not in ready.text, (
        "anybody may ask, and the account's number is no news for anybody"
    )
    assert "globus_client_id" in reasons["globus"]
    assert "/octopus/t/gateway_url" in reasons["gateway"]


def test_secret_that_is_kept_later_is_found_without_a_restart(
    ask: Callable[..., Ask], cloud: boto3.Session
) -> None:
    service = ask(globus_client_id=CLIENT)
    assert SECRET_NAME in service("/api/v3/keys", **TOKEN).json()["message"]

    cloud.client("secretsmanager").create_secret(Name=SECRET_NAME, SecretString="secret")

    asked = service("/api/v3/keys", **TOKEN)
    assert (asked.status_code, asked.json()["message"]) == (
        503,
        "Globus Auth cannot be reached to check the token; try again",
    )
