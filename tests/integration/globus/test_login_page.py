"""The login page as a browser sees it, and what other pages cannot make it do."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest

from octopus.globus.clients import SDK_CLIENT_ID
from tests.integration.globus.browser import Form, open_page, parameters_of, send
from tests.integration.globus.process import ACTION_ALL, SERVICE_CLIENT_ID, StandIn

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The example of RFC 7636, appendix B."""


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


def authorize_url(stand_in: StandIn, **changes: str | None) -> str:
    parameters: dict[str, str | None] = {
        "client_id": SDK_CLIENT_ID,
        "redirect_uri": "http://127.0.0.1:4999/callback",
        "response_type": "code",
        "scope": f"openid {ACTION_ALL}",
        "state": "abc",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    given = {name: value for name, value in (parameters | changes).items() if value is not None}
    return f"{stand_in.url}v2/oauth2/authorize?{urlencode(given)}"


def test_page_names_the_application_and_offers_known_identities(
    stand_in: StandIn, browser: httpx.Client
) -> None:
    stand_in.identity("alice")
    reply = browser.get(authorize_url(stand_in))

    assert "Log in to Diaspora Event SDK" in reply.text
    assert "Use the Octopus event fabric of this machine as you" in reply.text
    assert "alice" in Form(reply.text).identities
    assert "<script" not in reply.text
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:4999" in policy


def test_denial_is_told_to_the_application(stand_in: StandIn, browser: httpx.Client) -> None:
    url = authorize_url(stand_in)
    reply = send(browser, url, open_page(browser, url), decision="deny")

    assert reply.status_code == 303
    told = parameters_of(reply.headers["location"])
    assert (told["error"], told["state"]) == ("access_denied", "abc")
    assert "code" not in told


def test_text_from_the_address_stays_text_on_the_page(stand_in: StandIn, browser: httpx.Client) -> None:
    script = "\"><script>alert('x')</script>"
    page = browser.get(authorize_url(stand_in, state=script))
    shown = browser.get(f"{stand_in.url}v2/web/auth-code", params={"error_description": script})

    assert script not in page.text
    assert Form(page.text).fields["state"] == script
    assert shown.status_code == 400
    assert script not in shown.text


def test_name_that_is_not_allowed_is_asked_for_again(stand_in: StandIn, browser: httpx.Client) -> None:
    url = authorize_url(stand_in)
    reply = send(browser, url, open_page(browser, url), other="Not A Name", decision="allow")

    assert reply.status_code == 400
    assert 'role="alert"' in reply.text
    assert Form(reply.text).fields["other"] == "Not A Name"
    again = send(browser, url, Form(reply.text), other="nina", decision="allow")
    assert "code" in parameters_of(again.headers["location"])


def test_form_without_our_cookie_is_refused(stand_in: StandIn, browser: httpx.Client) -> None:
    url = authorize_url(stand_in)
    form = open_page(browser, url)
    browser.cookies.clear()

    reply = send(browser, url, form, other="mallory", decision="allow")

    assert reply.status_code == 403
    assert "location" not in reply.headers


def test_form_of_another_visit_is_refused(stand_in: StandIn, browser: httpx.Client) -> None:
    url = authorize_url(stand_in)
    with httpx.Client() as attacker:
        foreign = open_page(attacker, url)
    open_page(browser, url)

    assert send(browser, url, foreign, other="mallory", decision="allow").status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_form_sent_by_another_site_is_refused(stand_in: StandIn, browser: httpx.Client, origin: str) -> None:
    form = open_page(browser, authorize_url(stand_in))
    reply = browser.post(
        f"{stand_in.url}v2/oauth2/authorize",
        data=form.fields | {"other": "mallory", "decision": "allow"},
        headers={"Origin": origin},
    )
    assert reply.status_code == 403


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "https://evil.example/callback",
        "http://evil.example/callback",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://evil.example#@127.0.0.1/",
        "javascript:alert(1)",
        "http://127.0.0.1:4999/callback#part",
    ],
)
def test_code_is_never_sent_off_this_machine(
    stand_in: StandIn, browser: httpx.Client, redirect_uri: str | None
) -> None:
    reply = browser.get(authorize_url(stand_in, redirect_uri=redirect_uri))

    assert reply.status_code == 400
    assert "redirect_uri" in reply.text
    assert "location" not in reply.headers


def test_redirect_changed_in_the_form_is_refused(stand_in: StandIn, browser: httpx.Client) -> None:
    url = authorize_url(stand_in)
    reply = send(
        browser, url, open_page(browser, url), redirect_uri="https://evil.example/", decision="allow"
    )
    assert reply.status_code == 400
    assert "location" not in reply.headers


def test_unknown_application_is_refused_on_the_page(stand_in: StandIn, browser: httpx.Client) -> None:
    reply = browser.get(authorize_url(stand_in, client_id="00000000-0000-0000-0000-000000000000"))

    assert reply.status_code == 400
    assert "client_id" in reply.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "urn:globus:auth:scope:transfer.api.globus.org:all"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_request_that_cannot_be_granted_is_told_to_the_application(
    stand_in: StandIn, browser: httpx.Client, changes: dict[str, str | None], error: str
) -> None:
    reply = browser.get(authorize_url(stand_in, **changes))

    assert reply.status_code == 303
    told = parameters_of(reply.headers["location"])
    assert (told["error"], told["state"]) == (error, "abc")
    assert told["error_description"]


def test_client_with_a_secret_may_leave_pkce_out(stand_in: StandIn, browser: httpx.Client) -> None:
    url = authorize_url(
        stand_in, client_id=SERVICE_CLIENT_ID, code_challenge=None, code_challenge_method=None
    )
    reply = send(browser, url, open_page(browser, url), other="nina", decision="allow")

    assert "code" in parameters_of(reply.headers["location"])
