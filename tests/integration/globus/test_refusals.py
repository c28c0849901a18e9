"""What the stand-in refuses, as Globus Auth does, in the shape that globus-sdk reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import globus_sdk
import httpx
import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from octopus.globus.clients import CLI_CLIENT_ID, SDK_CLIENT_ID
from tests.integration.globus.browser import code_from_page
from tests.integration.globus.process import ACTION_ALL, StandIn
from tests.patience import PATIENCE_S


def native(stand_in: StandIn) -> globus_sdk.NativeAppAuthClient:
    return globus_sdk.NativeAppAuthClient(SDK_CLIENT_ID, base_url=stand_in.url)


def started_flow(client: globus_sdk.NativeAppAuthClient, *, refresh_tokens: bool = False) -> str:
    """A code of a flow that only this client can end."""
    client.oauth2_start_flow(["openid", ACTION_ALL], refresh_tokens=refresh_tokens)
    return code_from_page(client.oauth2_get_authorize_url(), "mallory")


def introspected(stand_in: StandIn, token: str) -> dict[str, Any]:
    with stand_in.service_client() as service:
        answer: dict[str, Any] = service.oauth2_token_introspect(token).data
        return answer


def action_token(stand_in: StandIn, name: str = "alice") -> str:
    with stand_in.client_of(stand_in.identity(name)) as client:
        return str(client.oauth2_client_credentials_tokens(ACTION_ALL)["access_token"])


def test_wrong_code_verifier_is_refused_and_the_code_is_burnt(stand_in: StandIn) -> None:
    with native(stand_in) as thief, native(stand_in) as owner:
        code = started_flow(owner)
        thief.oauth2_start_flow(["openid", ACTION_ALL])
        with pytest.raises(globus_sdk.AuthAPIError) as refused:
            thief.oauth2_exchange_code_for_tokens(code)
        with pytest.raises(globus_sdk.AuthAPIError):
            owner.oauth2_exchange_code_for_tokens(code)

    assert refused.value.http_status == 400
    assert refused.value.raw_json is not None
    assert refused.value.raw_json["error"] == "invalid_grant"
    assert "code_verifier" in (refused.value.message or "")


def test_code_used_twice_is_refused_and_its_tokens_are_revoked(stand_in: StandIn) -> None:
    with native(stand_in) as client:
        code = started_flow(client, refresh_tokens=True)
        tokens = client.oauth2_exchange_code_for_tokens(code)
        action = tokens.by_resource_server[ACTION_ALL.split("/")[-2]]
        assert introspected(stand_in, action["access_token"])["active"]

        with pytest.raises(globus_sdk.AuthAPIError, match="already used"):
            client.oauth2_exchange_code_for_tokens(code)
        with pytest.raises(globus_sdk.AuthAPIError, match="revoked"):
            client.oauth2_refresh_token(action["refresh_token"])

    assert introspected(stand_in, action["access_token"]) == {"active": False}


def test_code_of_another_client_is_refused(stand_in: StandIn) -> None:
    with (
        native(stand_in) as owner,
        globus_sdk.NativeAppAuthClient(CLI_CLIENT_ID, base_url=stand_in.url) as other,
    ):
        code = started_flow(owner)
        other.oauth2_start_flow("openid")
        with pytest.raises(globus_sdk.AuthAPIError, match="another client"):
            other.oauth2_exchange_code_for_tokens(code)


def test_code_with_another_redirect_uri_is_refused(stand_in: StandIn) -> None:
    with native(stand_in) as client:
        flow = client.oauth2_start_flow("openid")
        code = code_from_page(client.oauth2_get_authorize_url(), "mallory")
        flow.redirect_uri = "http://127.0.0.1:1/elsewhere"
        with pytest.raises(globus_sdk.AuthAPIError, match="redirect_uri"):
            client.oauth2_exchange_code_for_tokens(code)


def test_revoked_access_token_is_inactive_and_refused(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    with stand_in.client_of(alice) as client:
        token = client.oauth2_client_credentials_tokens("openid")["access_token"]
        assert userinfo_status(stand_in, token) == 200
        assert client.oauth2_revoke_token(token).data == {"active": False}

    assert userinfo_status(stand_in, token) == 401


def test_revoked_refresh_token_takes_its_access_tokens_along(stand_in: StandIn) -> None:
    with native(stand_in) as client:
        client.oauth2_start_flow(ACTION_ALL, refresh_tokens=True)
        tokens = client.oauth2_exchange_code_for_tokens(
            code_from_page(client.oauth2_get_authorize_url(), "mallory")
        )
        renewed = client.oauth2_refresh_token(tokens["refresh_token"])
        assert introspected(stand_in, renewed["access_token"])["active"]
        client.oauth2_revoke_token(tokens["refresh_token"])

        with pytest.raises(globus_sdk.AuthAPIError, match="revoked"):
            client.oauth2_refresh_token(tokens["refresh_token"])
    assert not introspected(stand_in, tokens["access_token"])["active"]
    assert not introspected(stand_in, renewed["access_token"])["active"]


def test_token_of_another_client_is_not_revoked(stand_in: StandIn) -> None:
    token = action_token(stand_in, "alice")
    with stand_in.client_of(stand_in.identity("mallory")) as other:
        other.oauth2_revoke_token(token)

    assert introspected(stand_in, token)["active"]


def test_expired_token_is_inactive(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path, token_life=1)
    stand_in.start()

    @retry(retry=retry_if_result(bool), stop=stop_after_delay(PATIENCE_S), wait=wait_fixed(0.1))
    def is_active(token: str) -> bool:
        return bool(introspected(stand_in, token)["active"])

    try:
        assert is_active(action_token(stand_in)) is False
    finally:
        stand_in.stop()


def test_token_for_another_resource_server_is_inactive_to_it(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    with stand_in.client_of(alice) as client:
        token = client.oauth2_client_credentials_tokens("openid")["access_token"]

    assert introspected(stand_in, token) == {"active": False}


def test_token_for_the_service_is_refused_by_globus_auth_itself(stand_in: StandIn) -> None:
    assert userinfo_status(stand_in, action_token(stand_in)) == 403


def test_wrong_client_secret_is_refused(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    with (
        globus_sdk.ConfidentialAppAuthClient(alice.id, "wrong", base_url=stand_in.url) as client,
        pytest.raises(globus_sdk.AuthAPIError) as refused,
    ):
        client.oauth2_client_credentials_tokens("openid")

    assert refused.value.http_status == 401
    assert refused.value.code == "INVALID_CLIENT"
    assert "wrong" in (refused.value.message or "")
    assert alice.secret not in refused.value.text


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "scope": "openid"}, "unauthorized_client"),
        ({"grant_type": "password", "username": "alice"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": ""}, "invalid_grant"),
    ],
)
def test_token_request_that_a_native_client_may_not_make_is_refused(
    stand_in: StandIn, form: dict[str, str], error: str
) -> None:
    reply = httpx.post(f"{stand_in.url}v2/oauth2/token", data={"client_id": SDK_CLIENT_ID, **form})

    assert reply.status_code == 400
    assert reply.json()["error"] == error
    assert reply.headers["cache-control"] == "no-store"


def test_unknown_scope_is_refused_by_name(stand_in: StandIn) -> None:
    transfer = "urn:globus:auth:scope:transfer.api.globus.org:all"
    with (
        stand_in.client_of(stand_in.identity("alice")) as client,
        pytest.raises(globus_sdk.AuthAPIError, match=transfer) as refused,
    ):
        client.oauth2_client_credentials_tokens(transfer)
    assert refused.value.raw_json is not None
    assert refused.value.raw_json["error"] == "invalid_scope"


@pytest.mark.parametrize("header", [None, "Basic ???", "Basic YWxpY2U=", "Bearer whatever"])
def test_introspection_needs_a_client_with_a_secret(stand_in: StandIn, header: str | None) -> None:
    reply = httpx.post(
        f"{stand_in.url}v2/oauth2/token/introspect",
        data={"token": "x", "client_id": SDK_CLIENT_ID},
        headers={} if header is None else {"Authorization": header},
    )
    assert reply.status_code == 401
    assert reply.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("scope", "query", "status"),
    [
        ("openid", {"usernames": "alice@stand-in.octopus"}, 403),
        ("urn:globus:auth:scope:auth.globus.org:view_identities", {}, 400),
        (None, {"usernames": "alice@stand-in.octopus"}, 401),
    ],
)
def test_identities_are_not_shown_to_everybody(
    stand_in: StandIn, scope: str | None, query: dict[str, str], status: int
) -> None:
    headers = {}
    if scope is not None:
        with stand_in.client_of(stand_in.identity("alice")) as client:
            token = client.oauth2_client_credentials_tokens(scope)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{stand_in.url}v2/api/identities", params=query, headers=headers).status_code == status


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""])
def test_foreign_host_header_is_refused(stand_in: StandIn, host: str) -> None:
    reply = httpx.get(f"{stand_in.url}health", headers={"Host": host.format(port=stand_in.port)})

    assert reply.status_code == 421


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LOCALHOST"])
def test_names_of_this_machine_are_served(stand_in: StandIn, name: str) -> None:
    assert httpx.get(f"{stand_in.url}health", headers={"Host": f"{name}:{stand_in.port}"}).is_success


def userinfo_status(stand_in: StandIn, token: str) -> int:
    return httpx.get(
        f"{stand_in.url}v2/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"}
    ).status_code
