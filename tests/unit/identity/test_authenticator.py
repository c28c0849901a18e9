"""The check of tokens against answers of Globus Auth that a test chooses."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from octopus.errors import ForbiddenError, InvalidError, NotAuthenticatedError, UnavailableError
from octopus.identity.models import Caller
from octopus.identity.service import Authenticator

CLIENT = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"
SCOPE = f"https://auth.globus.org/scopes/{CLIENT}/action_all"
SUBJECT = "6f1c8f3e-1111-4222-8333-1234567890ab"
TOKEN = "Ag" + "x" * 48
NOW = 1_800_000_000


class GlobusAuth(ThreadingHTTPServer):
    """Answers introspection as told, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.status = 200
        self.body: Any = active()
        self.asked: list[str] = []
        self.included: list[str] = []
        self.answering = threading.Event()
        self.answering.set()


class _Handler(BaseHTTPRequestHandler):
    server: GlobusAuth

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(form["token"][0])
        self.server.included += form.get("include", [])
        self.server.answering.wait(30)
        body = (
            self.server.body if isinstance(self.server.body, bytes) else json.dumps(self.server.body).encode()
        )
        # A caller that has given up is gone by now.
        with suppress(ConnectionError):
            self.send_response(self.server.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def active(**changes: Any) -> dict[str, Any]:
    answer = {
        "active": True,
        "sub": SUBJECT,
        "username": "alice@example.org",
        "aud": [CLIENT, "auth.globus.org"],
        "scope": f"openid {SCOPE}",
        "exp": NOW + 3600,
    }
    return {name: value for name, value in (answer | changes).items() if value is not None}


@pytest.fixture
def globus() -> Iterator[GlobusAuth]:
    server = GlobusAuth()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authenticator(globus: GlobusAuth, clock: Clock) -> Iterator[Authenticator]:
    made = Authenticator(client_id=CLIENT, secret=lambda: "of-the-service", auth_url=globus.url, clock=clock)
    yield made
    made.close()


def test_active_token_names_its_caller(authenticator: Authenticator, globus: GlobusAuth) -> None:
    globus.body = active(sub=SUBJECT.upper())

    assert authenticator.authenticate(f"bearer {TOKEN}") == Caller(
        subject=SUBJECT,
        username="alice@example.org",
        expires=NOW + 3600,
        scopes=frozenset({"openid", SCOPE}),
    )
    assert globus.asked == [TOKEN]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        TOKEN,
        f"Basic {TOKEN}",
        "Bearer",
        "Bearer short",
        f"Bearer {'x' * 32}",
        f"Bearer {'x' * 255}",
        f"Bearer {'x' * 40}-",
        f"Bearer {TOKEN} {TOKEN}",
        f"Bearer {'é' * 40}",
    ],
)
def test_header_that_holds_no_token_is_refused_without_asking(
    authenticator: Authenticator, globus: GlobusAuth, header: str | None
) -> None:
    with pytest.raises(NotAuthenticatedError):
        authenticator.authenticate(header)
    assert globus.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        {"active": False},
        active(active=False),
        active(aud=["auth.globus.org"]),
        active(aud=[f"{CLIENT}-other"]),
        active(aud=None),
        active(aud=f"prefix {CLIENT}"),
        active(exp=NOW),
        active(exp=NOW - 1),
    ],
)
def test_token_that_is_not_live_for_this_service_is_not_authenticated(
    authenticator: Authenticator, globus: GlobusAuth, answer: dict[str, Any]
) -> None:
    globus.body = answer
    with pytest.raises(NotAuthenticatedError):
        authenticator.authenticate(f"Bearer {TOKEN}")


@pytest.mark.parametrize("scope", [None, "", "openid", f"{SCOPE}_more", f"x{SCOPE}", f"{SCOPE}[{SCOPE}]"])
def test_token_without_the_whole_scope_is_forbidden(
    authenticator: Authenticator, globus: GlobusAuth, scope: str | None
) -> None:
    globus.body = active(scope=scope)
    with pytest.raises(ForbiddenError):
        authenticator.authenticate(f"Bearer {TOKEN}")


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        [],
        {},
        {"active": "yes"},
        active(sub=None),
        active(sub="alice"),
        active(sub=5),
        active(exp=None),
        active(exp="soon"),
        active(scope=["openid"]),
    ],
)
def test_answer_that_cannot_be_read_gives_no_access_and_is_not_kept(
    authenticator: Authenticator, globus: GlobusAuth, answer: Any
) -> None:
    globus.body = answer
    with pytest.raises(UnavailableError):
        authenticator.authenticate(f"Bearer {TOKEN}")

    globus.body = active()
    assert authenticator.authenticate(f"Bearer {TOKEN}").subject == SUBJECT


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_error_of_globus_auth_is_unavailable_and_not_kept(
    authenticator: Authenticator, globus: GlobusAuth, status: int
) -> None:
    globus.status, globus.body = status, {"error": "x"}
    with pytest.raises(UnavailableError) as error:
        authenticator.authenticate(f"Bearer {TOKEN}")
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert TOKEN not in error.value.message

    globus.status, globus.body = 200, active()
    assert authenticator.authenticate(f"Bearer {TOKEN}").subject == SUBJECT


def test_silent_globus_auth_is_unavailable_within_eight_seconds(
    authenticator: Authenticator, globus: GlobusAuth, promised: Callable[[float, float], None]
) -> None:
    globus.answering.clear()
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        authenticator.authenticate(f"Bearer {TOKEN}")
    promised(time.monotonic() - began, 8)


def test_caller_is_remembered_for_five_minutes(
    authenticator: Authenticator, globus: GlobusAuth, clock: Clock
) -> None:
    authenticator.authenticate(f"Bearer {TOKEN}")
    globus.body = {"active": False}

    clock.now += 299
    assert authenticator.authenticate(f"Bearer {TOKEN}").subject == SUBJECT
    assert len(globus.asked) == 1
    clock.now += 2
    with pytest.raises(NotAuthenticatedError):
        authenticator.authenticate(f"Bearer {TOKEN}")


def test_caller_is_not_remembered_beyond_the_life_of_the_token(
    authenticator: Authenticator, globus: GlobusAuth, clock: Clock
) -> None:
    globus.body = active(exp=NOW + 60)
    authenticator.authenticate(f"Bearer {TOKEN}")
    globus.status = 503

    clock.now += 59
    assert authenticator.authenticate(f"Bearer {TOKEN}").subject == SUBJECT
    clock.now += 1
    with pytest.raises(UnavailableError):
        authenticator.authenticate(f"Bearer {TOKEN}")


@pytest.mark.parametrize(
    ("answer", "error"),
    [({"active": False}, NotAuthenticatedError), (active(scope="openid"), ForbiddenError)],
)
def test_refusal_is_remembered_for_ten_seconds(
    authenticator: Authenticator,
    globus: GlobusAuth,
    clock: Clock,
    answer: dict[str, Any],
    error: type[Exception],
) -> None:
    globus.body = answer
    for _ in range(3):
        with pytest.raises(error):
            authenticator.authenticate(f"Bearer {TOKEN}")
    assert len(globus.asked) == 1

    globus.body = active()
    clock.now += 11
    assert authenticator.authenticate(f"Bearer {TOKEN}").subject == SUBJECT


def test_many_threads_each_get_their_own_caller(authenticator: Authenticator, globus: GlobusAuth) -> None:
    tokens = [uuid.uuid4().hex + uuid.uuid4().hex for _ in range(20)]
    with ThreadPoolExecutor(16) as threads:
        callers = list(threads.map(lambda token: authenticator.authenticate(f"Bearer {token}"), tokens * 10))

    assert {caller.subject for caller in callers} == {SUBJECT}
    assert set(globus.asked) == set(tokens)


def caller() -> Caller:
    return Caller(subject=SUBJECT, username=None, expires=NOW, scopes=frozenset())


@pytest.mark.parametrize("header", [SUBJECT, SUBJECT.upper()])
def test_subject_header_that_names_the_caller_is_taken(authenticator: Authenticator, header: str) -> None:
    authenticator.check_subject(caller(), header)


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (None, NotAuthenticatedError),
        ("", InvalidError),
        ("alice", InvalidError),
        ("{" + SUBJECT + "}", InvalidError),
        (SUBJECT.replace("-", ""), InvalidError),
        (f"{SUBJECT}\n", InvalidError),
        ("9d3a7b52-55d1-4b0f-8a8e-0c6f1e2d4b77", ForbiddenError),
    ],
)
def test_subject_header_of_nobody_or_somebody_else_is_refused(
    authenticator: Authenticator, header: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        authenticator.check_subject(caller(), header)


def test_linked_identities_come_with_the_caller_and_are_told_once_for_each_question(
    globus: GlobusAuth, clock: Clock
) -> None:
    told: list[tuple[Caller, str | None]] = []

    def write_down(caller: Caller, email: str | None) -> bool:
        told.append((caller, email))
        return True

    other = "7a1c8f3e-1111-4222-8333-1234567890ab"
    globus.body = active(identity_set=[SUBJECT.upper(), other], email="alice@example.org")
    checking = Authenticator(
        client_id=CLIENT,
        secret=lambda: "secret",
        auth_url=globus.url,
        seen=write_down,
        clock=clock,
    )
    try:
        caller = checking.authenticate(f"Bearer {TOKEN}")
        checking.authenticate(f"Bearer {TOKEN}")
    finally:
        checking.close()
    assert caller.linked == {other}
    assert caller.identities == {SUBJECT, other}
    assert told == [(caller, "alice@example.org")]
    assert globus.included == ["identity_set"]


def test_caller_who_cannot_be_written_down_is_not_let_in_and_not_remembered(
    globus: GlobusAuth, clock: Clock
) -> None:
    away = [UnavailableError("The registry is away")]

    def write_down(_caller: Caller, _email: str | None) -> bool:
        if away:
            raise away.pop()
        return True

    checking = Authenticator(
        client_id=CLIENT, secret=lambda: "secret", auth_url=globus.url, seen=write_down, clock=clock
    )
    try:
        with pytest.raises(UnavailableError, match="registry"):
            checking.authenticate(f"Bearer {TOKEN}")
        assert checking.authenticate(f"Bearer {TOKEN}").subject == SUBJECT
    finally:
        checking.close()


def test_caller_who_is_not_known_yet_is_told_of_with_each_request_and_asked_about_once(
    globus: GlobusAuth, clock: Clock
) -> None:
    told: list[float] = []

    def write_down(_caller: Caller, _email: str | None) -> bool:
        told.append(clock.now)
        return len(told) == 3

    checking = Authenticator(
        client_id=CLIENT, secret=lambda: "secret", auth_url=globus.url, seen=write_down, clock=clock
    )
    try:
        for _ in range(5):
            checking.authenticate(f"Bearer {TOKEN}")
            clock.now += 60
        assert (told, len(globus.asked)) == ([NOW, NOW + 60, NOW + 120], 1)
        # Being told again makes the answer no younger.
        clock.now = NOW + 301
        checking.authenticate(f"Bearer {TOKEN}")
        assert len(globus.asked) == 2
    finally:
        checking.close()


@pytest.mark.parametrize("linked", ["no list", [1], ["no uuid"], [None]])
def test_linked_identities_of_another_form_let_nobody_in(
    globus: GlobusAuth, authenticator: Authenticator, linked: Any
) -> None:
    globus.body = active(identity_set=linked)
    with pytest.raises(UnavailableError, match="cannot be read"):
        authenticator.authenticate(f"Bearer {TOKEN}")
