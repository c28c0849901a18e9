"""globus-sdk's own login flows, unmodified, against the running stand-in."""

from __future__ import annotations

import gc
import threading
import time
import webbrowser
from pathlib import Path

import globus_sdk
import httpx
import jwt
import pytest
from globus_sdk.gare import GlobusAuthorizationParameters
from globus_sdk.login_flows import CommandLineLoginFlowManager, LocalServerLoginFlowManager
from globus_sdk.scopes import AuthScopes
from globus_sdk.token_storage import JSONTokenStorage

from octopus.globus.clients import CLI_CLIENT_ID, SDK_CLIENT_ID
from octopus.globus.scopes import VIEW_IDENTITIES
from tests.integration.globus.browser import code_from_page, log_in, parameters_of
from tests.integration.globus.process import ACTION_ALL, SERVICE_CLIENT_ID, StandIn


class PersonAtThePage(CommandLineLoginFlowManager):
    """The command-line login, with the person who opens the address and types the code."""

    def print_authorize_url(self, authorize_url: str) -> None:
        """Keep the address that a person would open."""
        self.authorize_url = authorize_url

    def prompt_for_code(self) -> str:
        """Type what the page shows."""
        return code_from_page(self.authorize_url, "grace")


class Browser:
    """A browser on this machine, which follows the redirect after the login to the waiting program."""

    name = "test"

    def __init__(self, person: str) -> None:
        self._person = person

    def open(self, url: str, **_: object) -> bool:
        """Log in and follow, beside the program that waits."""
        threading.Thread(target=lambda: httpx.get(log_in(url, self._person))).start()
        return True


def test_client_credentials_give_one_token_a_resource_server(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    with stand_in.client_of(alice) as client:
        tokens = client.oauth2_client_credentials_tokens(f"openid email {ACTION_ALL}")

    by_server = tokens.by_resource_server
    assert {server: token["scope"] for server, token in by_server.items()} == {
        "auth.globus.org": "openid email",
        SERVICE_CLIENT_ID: ACTION_ALL,
    }
    assert all(33 <= len(token["access_token"]) <= 254 for token in by_server.values())
    assert all(token["access_token"].isalnum() for token in by_server.values())
    assert all(token["refresh_token"] is None for token in by_server.values())
    assert by_server[SERVICE_CLIENT_ID]["expires_at_seconds"] == pytest.approx(
        time.time() + 48 * 3600, abs=30
    )


def test_client_app_speaks_as_the_client_itself(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", stand_in.url)
    alice = stand_in.identity("alice")
    storage = JSONTokenStorage(tmp_path / "tokens.json")
    with (
        globus_sdk.ClientApp(
            "test",
            client_id=alice.id,
            client_secret=alice.secret,
            config=globus_sdk.GlobusAppConfig(token_storage=storage),
        ) as app,
        globus_sdk.AuthClient(app=app, app_scopes=[AuthScopes.openid, AuthScopes.profile]) as client,
    ):
        told = client.userinfo()

    assert (told["sub"], told["preferred_username"]) == (alice.id, "alice@stand-in.octopus")
    assert "email" not in told


def test_native_app_with_pkce_gets_tokens_of_the_person_at_the_page(stand_in: StandIn) -> None:
    bob = stand_in.identity("bob")
    with globus_sdk.NativeAppAuthClient(SDK_CLIENT_ID, base_url=stand_in.url) as client:
        client.oauth2_start_flow(["openid", "profile", ACTION_ALL], refresh_tokens=True)
        code = code_from_page(client.oauth2_get_authorize_url(), "bob")
        tokens = client.oauth2_exchange_code_for_tokens(code)
        claims = tokens.decode_id_token()

    assert set(tokens.by_resource_server) == {"auth.globus.org", SERVICE_CLIENT_ID}
    assert all(token["refresh_token"] for token in tokens.by_resource_server.values())
    assert (claims["sub"], claims["aud"]) == (bob.id, SDK_CLIENT_ID)
    assert claims["iss"] == stand_in.url.rstrip("/")


def test_name_typed_on_the_page_becomes_an_identity(stand_in: StandIn) -> None:
    with globus_sdk.NativeAppAuthClient(CLI_CLIENT_ID, base_url=stand_in.url) as client:
        client.oauth2_start_flow("openid")
        tokens = client.oauth2_exchange_code_for_tokens(
            code_from_page(client.oauth2_get_authorize_url(), "newcomer@stand-in.octopus")
        )
        assert tokens.decode_id_token()["sub"] == stand_in.identity("newcomer").id


def test_confidential_client_gets_the_code_at_its_loopback_address(stand_in: StandIn) -> None:
    bob = stand_in.identity("bob")
    with stand_in.service_client() as client:
        client.oauth2_start_flow("http://localhost:4999/callback?page=1", "openid", state="a b&c")
        sent_to = log_in(client.oauth2_get_authorize_url(), "bob")
        parameters = parameters_of(sent_to)
        tokens = client.oauth2_exchange_code_for_tokens(parameters["code"])

        assert sent_to.startswith("http://localhost:4999/callback?page=1&")
        assert parameters["state"] == "a b&c"
        assert tokens["state"] == "a b&c"
        assert tokens.decode_id_token()["sub"] == bob.id


def test_user_app_logs_in_on_the_command_line_and_stays(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", stand_in.url)
    grace = stand_in.identity("grace")
    config = globus_sdk.GlobusAppConfig(
        token_storage=JSONTokenStorage(tmp_path / "tokens.json"),
        login_flow_manager=PersonAtThePage,
        request_refresh_tokens=True,
    )
    with globus_sdk.UserApp(
        "test",
        client_id=CLI_CLIENT_ID,
        scope_requirements={SERVICE_CLIENT_ID: [ACTION_ALL]},
        config=config,
    ) as app:
        assert app.login_required()
        app.login()
        assert not app.login_required()
        with globus_sdk.AuthClient(app=app) as client:
            assert client.userinfo()["sub"] == grace.id
        app.logout()
        assert app.login_required()


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_login_through_a_browser_on_this_machine_needs_no_copying(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ivan = stand_in.identity("ivan")
    monkeypatch.setattr(webbrowser, "get", lambda: Browser("ivan"))
    with globus_sdk.NativeAppAuthClient(CLI_CLIENT_ID, base_url=stand_in.url) as client:
        tokens = LocalServerLoginFlowManager(client).run_login_flow(
            GlobusAuthorizationParameters(required_scopes=["openid", ACTION_ALL])
        )
        assert tokens.decode_id_token()["sub"] == ivan.id
    # globus-sdk leaves the socket of its waiting server to the collector, which must not meet a later test.
    gc.collect()


def test_login_flow_of_a_second_person_is_told_apart(stand_in: StandIn) -> None:
    with globus_sdk.NativeAppAuthClient(CLI_CLIENT_ID, base_url=stand_in.url) as client:
        flow = PersonAtThePage(client)
        first = flow.run_login_flow(GlobusAuthorizationParameters(required_scopes=["openid"]))
        client.oauth2_start_flow("openid")
        second = client.oauth2_exchange_code_for_tokens(
            code_from_page(client.oauth2_get_authorize_url(), "heidi")
        )
        assert first.decode_id_token()["sub"] != second.decode_id_token()["sub"]


def test_refresh_token_authorizer_renews_with_the_same_refresh_token(stand_in: StandIn) -> None:
    renewed: list[globus_sdk.OAuthTokenResponse] = []
    with globus_sdk.NativeAppAuthClient(SDK_CLIENT_ID, base_url=stand_in.url) as client:
        client.oauth2_start_flow(ACTION_ALL, refresh_tokens=True)
        tokens = client.oauth2_exchange_code_for_tokens(
            code_from_page(client.oauth2_get_authorize_url(), "bob")
        )
        authorizer = globus_sdk.RefreshTokenAuthorizer(
            tokens["refresh_token"], client, on_refresh=renewed.append
        )
        header = authorizer.get_authorization_header()

    assert header == f"Bearer {renewed[0]['access_token']}"
    assert renewed[0]["access_token"] != tokens["access_token"]
    assert renewed[0]["refresh_token"] == tokens["refresh_token"]
    assert renewed[0]["scope"] == ACTION_ALL


def test_introspection_names_the_identity_and_the_audience(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    with stand_in.client_of(alice) as client, stand_in.service_client() as service:
        tokens = client.oauth2_client_credentials_tokens(ACTION_ALL)
        told = service.oauth2_token_introspect(tokens["access_token"], include="identity_set").data

    assert told.pop("exp") - told["iat"] == 48 * 3600
    assert told.pop("nbf") == told.pop("iat")
    assert told == {
        "active": True,
        "token_type": "Bearer",
        "sub": alice.id,
        "username": "alice@stand-in.octopus",
        "name": "alice",
        "email": "alice@stand-in.octopus",
        "client_id": alice.id,
        "scope": ACTION_ALL,
        "aud": [SERVICE_CLIENT_ID, alice.id],
        "iss": stand_in.url.rstrip("/"),
        "identity_set": [alice.id],
    }


def test_id_token_fits_the_published_key_and_configuration(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    with stand_in.client_of(alice) as client:
        tokens = client.oauth2_client_credentials_tokens("openid")
        configuration = client.get_openid_configuration()

    key = jwt.PyJWKClient(configuration["jwks_uri"]).get_signing_key_from_jwt(tokens["id_token"])
    claims = jwt.decode(
        tokens["id_token"],
        key,
        algorithms=configuration["id_token_signing_alg_values_supported"],
        audience=alice.id,
        issuer=configuration["issuer"],
        options={"require": ["exp", "iat", "sub"]},
    )
    assert claims["sub"] == alice.id
    assert configuration["issuer"] == stand_in.url.rstrip("/")
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(tokens["id_token"], key, algorithms=["RS512"], audience=SERVICE_CLIENT_ID)


def test_identities_are_found_by_name_and_by_id(stand_in: StandIn) -> None:
    alice, bob = stand_in.identity("alice"), stand_in.identity("bob")
    with stand_in.client_of(alice) as client:
        token = client.oauth2_client_credentials_tokens(VIEW_IDENTITIES)["access_token"]
    with globus_sdk.AuthClient(
        authorizer=globus_sdk.AccessTokenAuthorizer(token), base_url=stand_in.url
    ) as client_of_api:
        by_name = client_of_api.get_identities(usernames=[bob.username, "nobody@stand-in.octopus"])
        by_id = client_of_api.get_identities(ids=[alice.id, bob.id])

    assert [each["id"] for each in by_name] == [bob.id]
    assert {each["username"] for each in by_id} == {alice.username, bob.username}


def test_health_answers_without_a_token(stand_in: StandIn) -> None:
    assert httpx.get(f"{stand_in.url}health").json() == {"status": "ok"}
