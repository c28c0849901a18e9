"""Who the gateway lets through."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import pytest

from lambda_src.authorizer.handler import AuthAwayError, GlobusAuth, Unauthorized, authorize, read_secret

CLIENT = "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11"
SCOPE = f"https://auth.globus.org/scopes/{CLIENT}/action_all"
SUBJECT = "6c6b3f0e-7a3a-4a43-9d3a-0d9a6a9a4b11"
TOKEN = "AgSecretTokenOfSomebody0123"
NOW = 1_700_000_000.0
ARN = "arn:aws:execute-api:us-east-1:111122223333:abc123/live/POST/api/v3/user"
GOOD: Mapping[str, object] = {
    "active": True,
    "aud": [CLIENT, "auth.globus.org"],
    "exp": NOW + 60,
    "scope": f"openid {SCOPE}",
    "sub": SUBJECT,
}


def ask(token: Mapping[str, object], authorization: str | None = f"Bearer {TOKEN}") -> dict[str, Any]:
    return authorize(
        authorization=authorization,
        method_arn=ARN,
        client_id=CLIENT,
        introspect=lambda _token: token,
        now=NOW,
    )


def test_a_good_token_opens_the_whole_stage_to_its_subject() -> None:
    assert ask(GOOD) == {
        "principalId": SUBJECT,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "execute-api:Invoke",
                    "Resource": "arn:aws:execute-api:us-east-1:111122223333:abc123/live/*",
                }
            ],
        },
    }


@pytest.mark.parametrize(
    "scope",
    [
        None,
        "",
        "openid email",
        f"{SCOPE}_more",
        f"x{SCOPE}",
        "https://auth.globus.org/scopes/another/action_all",
    ],
)
def test_a_token_without_the_scope_is_denied(scope: str | None) -> None:
    policy = ask({**GOOD, "scope": scope})
    assert policy["principalId"] == SUBJECT
    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Deny"


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"active": "true"},
        {"active": None},
        {"aud": ["another"]},
        {"aud": "another"},
        {"aud": None},
        {"aud": f"{CLIENT}x"},
        {"exp": NOW},
        {"exp": None},
        {"exp": "tomorrow"},
        {"sub": None},
        {"sub": "somebody"},
    ],
    ids=str,
)
def test_a_token_that_is_not_good_here_is_unauthorized(change: dict[str, object]) -> None:
    with pytest.raises(Unauthorized, match=r"^Unauthorized$"):
        ask({**GOOD, **change})


def test_the_audience_may_be_a_single_text() -> None:
    assert ask({**GOOD, "aud": CLIENT})["principalId"] == SUBJECT


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN} x",
        f"Bearer {TOKEN}\n",
        "Bearer a b",
    ],
)
def test_what_is_no_bearer_token_is_never_asked_about(authorization: str | None) -> None:
    def introspect(_token: str) -> Mapping[str, object]:
        raise AssertionError("asked")

    with pytest.raises(Unauthorized):
        authorize(
            authorization=authorization, method_arn=ARN, client_id=CLIENT, introspect=introspect, now=NOW
        )


def test_fabric_without_a_client_lets_nobody_in_and_asks_nobody() -> None:
    def introspect(_token: str) -> Mapping[str, object]:
        raise AssertionError("asked")

    with pytest.raises(AuthAwayError, match="globus_client_id"):
        authorize(
            authorization=f"Bearer {TOKEN}", method_arn=ARN, client_id="", introspect=introspect, now=NOW
        )


class _Auth(BaseHTTPRequestHandler):
    """Globus Auth's introspection, as told by the test."""

    reply: ClassVar[Callable[[str, str], tuple[int, object]]]

    def do_POST(self) -> None:
        assert self.path == "/v2/oauth2/token/introspect"
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, answer = type(self).reply(self.headers["Authorization"], body)
        content = json.dumps(answer).encode() if not isinstance(answer, bytes) else answer
        self.send_response(status)
        if isinstance(answer, str):
            self.send_header("Location", answer)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        pass


Answers = Callable[[Callable[[str, str], tuple[int, object]]], str]


@pytest.fixture
def auth() -> Iterator[Answers]:
    """Start Globus Auth with a reply to (Authorization header, form); its address."""
    servers = []

    def start(reply: Callable[[str, str], tuple[int, object]]) -> str:
        handler = type("_Told", (_Auth,), {"reply": staticmethod(reply)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_introspection_sends_the_token_in_the_form_and_the_client_in_the_header(auth: Answers) -> None:
    seen = []

    def reply(authorization: str, form: str) -> tuple[int, object]:
        seen.append((authorization, form))
        return 200, GOOD

    globus = GlobusAuth(url=auth(reply), client_id="id", read_secret=lambda: "secret")
    assert globus.introspect(TOKEN) == GOOD
    assert seen == [("Basic aWQ6c2VjcmV0", f"token={TOKEN}")]


def test_secret_that_is_kept_later_is_found_without_a_restart(auth: Answers, cloud: boto3.Session) -> None:
    secrets = cloud.client("secretsmanager")
    globus = GlobusAuth(
        url=auth(lambda *_: (200, GOOD)),
        client_id="id",
        read_secret=lambda: read_secret(secrets, "octopus/t"),
    )
    with pytest.raises(AuthAwayError, match="octopus/t cannot be read: ResourceNotFoundException"):
        globus.introspect(TOKEN)

    secrets.create_secret(Name="octopus/t", SecretString="secret")

    assert globus.introspect(TOKEN) == GOOD


def test_a_changed_secret_is_read_again_when_the_old_one_is_refused(auth: Answers) -> None:
    secrets = iter(["old", "new"])
    read = []

    def read_secret() -> str:
        read.append(next(secrets))
        return read[-1]

    current = ["Basic aWQ6b2xk"]
    globus = GlobusAuth(
        url=auth(lambda sent, _form: (200, GOOD) if sent == current[0] else (401, {})),
        client_id="id",
        read_secret=read_secret,
    )
    globus.introspect(TOKEN)
    globus.introspect(TOKEN)
    assert read == ["old"]
    current[0] = "Basic aWQ6bmV3"
    globus.introspect(TOKEN)
    assert read == ["old", "new"]


@pytest.mark.parametrize(
    "answer",
    [(401, {}), (500, {}), (503, {}), (429, {}), (302, {}), (200, b"<html>"), (200, []), (404, GOOD)],
    ids=str,
)
def test_no_usable_answer_is_an_error_and_never_access(auth: Answers, answer: tuple[int, object]) -> None:
    globus = GlobusAuth(url=auth(lambda *_: answer), client_id="id", read_secret=lambda: "secret")
    with pytest.raises(AuthAwayError):
        globus.introspect(TOKEN)


def test_an_auth_that_is_away_is_an_error_without_the_token(
    auth: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    globus = GlobusAuth(url="http://127.0.0.1:9", client_id="id", read_secret=lambda: "the-secret")
    with pytest.raises(AuthAwayError) as raised:
        globus.introspect(TOKEN)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    for told in (str(raised.value), caplog.text):
        assert TOKEN not in told
        assert "the-secret" not in told


def test_redirects_are_not_followed(auth: Answers) -> None:
    asked = []

    def elsewhere(authorization: str, form: str) -> tuple[int, object]:
        asked.append((authorization, form))
        return 200, GOOD

    target = f"{auth(elsewhere)}v2/oauth2/token/introspect"
    globus = GlobusAuth(url=auth(lambda *_: (307, target)), client_id="id", read_secret=lambda: "secret")
    with pytest.raises(AuthAwayError):
        globus.introspect(TOKEN)
    assert asked == []
