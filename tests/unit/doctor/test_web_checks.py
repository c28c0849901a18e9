"""Logins, accounts and keys that do not work, as a service tells of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

from octopus.cli.session import Session
from octopus.doctor import web_checks as web
from octopus.doctor.caller import Caller
from octopus.doctor.findings import Finding, Status
from octopus.errors import NotAuthenticatedError
from octopus.kafka.servers import Address
from tests.ports import free_port
from tests.unit.doctor.servers import web_server

SUBJECT = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
NAMESPACE = "ns-3f2a5c1b9e44"
GOOD = {"access_key": "AKIAGOOD000000000000", "kind": "iam-user", "state": "active", "expires": None}
SECRET = "s3cr3t"
KEY = {"access_key": GOOD["access_key"], "secret_key": SECRET, "endpoint": "127.0.0.1:9098", "fresh": False}
READY = {"status": "ok", "checks": {"kafka": True, "iam": True}}

Replies = Mapping[str, tuple[int, Mapping[str, Any]]]
HEALTHY: Replies = {
    "GET /api/v3/public/about": (200, {"credentials": "iam-user", "kafka_regions": ["us-east-1"]}),
    "GET /health/live": (200, {"status": "ok"}),
    "GET /health/ready": (200, READY),
    "GET /api/v3/keys": (200, {"status": "success", "keys": [GOOD]}),
    "GET /api/v3/namespace": (200, {"status": "success", "namespaces": {NAMESPACE: []}}),
    "POST /api/v3/key": (200, {"status": "success", **KEY}),
}


def _ask(check: Callable[[Caller], Finding], changed: Replies = {}, **about: Any) -> Finding:  # noqa: B006
    replies = {**HEALTHY, **changed}

    def answer(method: str, path: str) -> tuple[int, str]:
        status, body = replies[f"{method} {path}"]
        return status, json.dumps(body)

    with web_server(answer) as url:
        session = Session(subject=SUBJECT, authorization="Bearer x", url=url)
        return check(Caller(url=url, login=lambda: session, **about))


def _keys(*keys: Mapping[str, Any]) -> Replies:
    return {"GET /api/v3/keys": (200, {"status": "success", "keys": list(keys)})}


def _refused(status: int, message: str) -> tuple[int, Mapping[str, Any]]:
    return status, {"status": "error", "error_code": status, "message": message}


def _failed(finding: Finding, detail: str, fix: str) -> None:
    assert finding.status is Status.FAILED, finding
    assert detail in finding.detail
    assert finding.fix is not None
    assert fix in finding.fix
    assert SECRET not in finding.detail + finding.fix


@pytest.mark.parametrize(
    "check", [web.check_service, web.check_clock, web.check_token, web.check_account, web.check_key]
)
def test_healthy_service_is_ok(check: Callable[[Caller], Finding]) -> None:
    assert _ask(check).status is Status.OK


def test_service_that_lacks_something_names_it() -> None:
    away = {"GET /health/ready": (503, {"status": "unavailable", "checks": {"kafka": False, "iam": True}})}
    _failed(_ask(web.check_service, away), "kafka does not answer it", "octopus status")


def test_something_else_at_the_address_is_told_from_a_service() -> None:
    _failed(_ask(web.check_service, {"GET /health/ready": (404, {})}), "not as Octopus does", "--url")


def test_nothing_at_the_address_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    finding = web.check_service(Caller(url=url, login=_nobody))
    _failed(finding, f"nothing answers at {url}", "octopus up")


def _nobody() -> Session:
    raise NotAuthenticatedError("Nobody is logged in.")


def test_nobody_logged_in_is_told_how() -> None:
    finding = web.check_token(Caller(url="http://127.0.0.1:1", login=_nobody))
    _failed(finding, "Nobody is logged in", "octopus login")


def test_token_that_is_not_taken_says_why() -> None:
    inactive = {"GET /api/v3/keys": _refused(401, "the token is inactive")}
    _failed(_ask(web.check_token, inactive), "the token is inactive", "octopus logout")


def test_token_without_the_scope_says_so() -> None:
    lacking = {"GET /api/v3/keys": _refused(403, "the token lacks the scope https://x/action_all")}
    _failed(_ask(web.check_token, lacking), "lacks the scope", "consent")


def test_suspended_account_is_told_from_a_bad_token() -> None:
    message = f"User {SUBJECT} is suspended since 2026-11-22 (spam): ask the fabric's operator"
    suspended = {
        "GET /api/v3/keys": _refused(403, message),
        "GET /api/v3/namespace": _refused(403, message),
    }
    assert _ask(web.check_token, suspended).status is Status.OK
    _failed(_ask(web.check_account, suspended), "(spam)", "operator")


def test_missing_account_is_made_with_the_first_key() -> None:
    none = {"GET /api/v3/namespace": (200, {"status": "success", "namespaces": {}})}
    _failed(_ask(web.check_account, none), "no account yet", "octopus key create")


def test_missing_key_is_not_made_by_looking() -> None:
    without = {**_keys(), "POST /api/v3/key": _refused(500, "must not be asked for")}
    _failed(_ask(web.check_key, without), "no key yet", "octopus key create")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ({**GOOD, "state": "inactive"}, "was inactive"),
        ({**GOOD, "expires": (datetime.now(UTC) - timedelta(days=1)).isoformat()}, "was expired since"),
        (GOOD, "was not to be decrypted any more, or gone from IAM"),
    ],
)
def test_key_that_was_replaced_says_why(key: Mapping[str, Any], why: str) -> None:
    fresh = {"status": "success", **KEY, "access_key": "AKIANEW0000000000000", "fresh": True}
    replaced = {**_keys(key), "POST /api/v3/key": (200, fresh)}
    _failed(_ask(web.check_key, replaced), why, "give the new key to your programs")


@pytest.mark.parametrize(
    ("shell", "listed", "why"),
    [
        (Credentials("AKIAREVOKED000000000", "old"), GOOD, "is none of yours at this fabric"),
        (Credentials("AKIAGOOD000000000000", "mistyped"), GOOD, "is not the one that belongs to it"),
        (Credentials("AKIAGOOD000000000000", SECRET), {**GOOD, "state": "inactive"}, "is inactive"),
        (
            Credentials("ASIASESSION000000000", "x", "token"),
            {**GOOD, "access_key": "ASIASESSION000000000", "kind": "session", "state": "expired"},
            "is expired",
        ),
    ],
)
def test_key_of_the_shell_is_held_against_those_of_the_fabric(
    shell: Credentials, listed: Mapping[str, Any], why: str
) -> None:
    _failed(_ask(web.check_key, _keys(listed), shell_key=shell), why, "octopus key create")


def test_good_key_of_the_shell_is_ok() -> None:
    assert _ask(web.check_key, shell_key=Credentials(str(GOOD["access_key"]), SECRET)).status is Status.OK


def test_addresses_come_with_the_key_or_are_given() -> None:
    found: list[tuple[Address, ...]] = []

    def note(caller: Caller) -> Finding:
        found.append(caller.servers)
        return Finding(Status.OK, "")

    _ask(note)
    _ask(note, given_servers="b1.example:1,b2.example:2")
    assert found == [(Address("127.0.0.1", 9098),), (Address("b1.example", 1), Address("b2.example", 2))]


def test_fabric_without_keys_is_tried_with_a_session_for_its_region() -> None:
    opened = {**KEY, "session_token": "token", "expiration": "2026-11-22T06:10:02+00:00"}
    sessions_only: Replies = {
        "GET /api/v3/public/about": (200, {"credentials": "session", "kafka_regions": ["eu-west-1"]}),
        "POST /api/v3/sessions": (200, {"status": "success", **opened}),
    }

    def check(caller: Caller) -> Finding:
        finding = web.check_key(caller)
        assert (caller.credentials.token, caller.region) == ("token", "eu-west-1")
        return finding

    finding = _ask(check, {**sessions_only, **_keys()})

    assert finding.status is Status.OK
    assert "a session until 2026-11-22" in finding.detail
