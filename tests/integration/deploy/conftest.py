"""The real CDK command line against the emulator, and what stands on both sides of the gateway."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import httpx
import pytest

from tests.aws.fixtures import boundary, new_user, queue, service, topic
from tests.aws_account import Account, Cdk, cdk_in, emulated_account
from tests.patience import PATIENCE_S

__all__ = ["boundary", "new_user", "queue", "service", "topic"]

CLIENT = "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11"
CLIENT_SECRET = "the-client-s-secret"

CONTEXT = {
    "institution": "life",
    "kafka": "external",
    "hosting": "external",
    "bootstrap_servers": "127.0.0.1:19098",
    "public_url": "http://localhost:18000",
    "globus_client_id": CLIENT,
    "alarms": "full",
    "alarm_mail": "operator@example.org",
    "tags": "project=octopus,owner=physics",
}
"""What is deployed first; the addresses of both upstream services come to it."""
DEPLOY = ("deploy", "--all", "--require-approval", "never")


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Where everything is deployed to."""
    with emulated_account(tmp_path_factory.mktemp("account")) as found:
        yield found


@pytest.fixture(scope="session")
def cdk(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """The CDK's command line in that account."""
    return cdk_in(account, tmp_path_factory.mktemp("cdk"))


@pytest.fixture(scope="session")
def institution() -> str:
    """Whose fabric is deployed."""
    return CONTEXT["institution"]


@pytest.fixture(scope="session")
def context(globus: Upstream, web_service: Upstream) -> dict[str, str]:
    """The variables of the first deployment."""
    return {**CONTEXT, "service_url": web_service.address, "globus_auth_url": f"{globus.address}/"}


@pytest.fixture(scope="session")
def deployed(account: Account, cdk: Cdk, context: dict[str, str]) -> None:
    """An institution's fabric, deployed once for all tests here; its data is kept."""
    account.client("secretsmanager").create_secret(
        Name="octopus/life/globus-client-secret", SecretString=CLIENT_SECRET
    )
    done = cdk(*DEPLOY, context=context)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def gateway(account: Account, deployed: None) -> Iterator[httpx.Client]:
    """A client whose base is the deployed stage."""
    with httpx.Client(base_url=account.gateway("octopus-life-service"), timeout=PATIENCE_S) as client:
        yield client


@dataclass(frozen=True)
class Asked:
    """One request that an upstream service received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Upstream:
    """A tiny HTTP service that remembers what it was asked."""

    reply: Callable[[Asked], tuple[int, bytes]]
    asked: list[Asked] = field(default_factory=list)
    address: str = ""


def _serve(upstream: Upstream) -> Iterator[Upstream]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            upstream.asked.append(Asked(self.command, self.path, headers, body))
            status, content = upstream.reply(upstream.asked[-1])
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - the library's names

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    upstream.address = f"http://127.0.0.1:{server.server_port}"
    yield upstream
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def globus() -> Iterator[Upstream]:
    """Globus Auth, as far as introspection goes."""

    def introspect(asked: Asked) -> tuple[int, bytes]:
        assert asked.path == "/v2/oauth2/token/introspect"
        client = b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if asked.headers["authorization"] != f"Basic {client}":
            return 401, b"{}"
        (token,) = parse_qs(asked.body.decode())["token"]
        return _answer_of(token)

    yield from _serve(Upstream(introspect))


@pytest.fixture(scope="session")
def web_service() -> Iterator[Upstream]:
    """The service behind the gateway: says what it was asked."""
    yield from _serve(Upstream(_echo))


@pytest.fixture(scope="session")
def other_service() -> Iterator[Upstream]:
    """Another one, to which the gateway may be pointed."""
    yield from _serve(Upstream(_echo))


def _echo(asked: Asked) -> tuple[int, bytes]:
    return 200, json.dumps({"method": asked.method, "path": asked.path}).encode()


SUBJECT = "6c6b3f0e-7a3a-4a43-9d3a-0d9a6a9a4b11"
SCOPE = f"https://auth.globus.org/scopes/{CLIENT}/action_all"
_ANSWERS: dict[str, tuple[int, bytes]] = {}


def good_token(**change: object) -> str:
    """Return a new token that is good for the service, but for what is changed."""
    answer = {
        "active": True,
        "aud": [CLIENT],
        "exp": int(time.time()) + 600,
        "scope": f"openid {SCOPE}",
        "sub": SUBJECT,
    }
    return token_for(200, **{**answer, **change})


def bearer(token: str) -> dict[str, str]:
    """The header that carries it."""
    return {"Authorization": f"Bearer {token}"}


def token_for(status: int, **answer: object) -> str:
    """Return a new token of which Globus Auth will say this."""
    token = f"bearer-{len(_ANSWERS)}"
    _ANSWERS[token] = (status, json.dumps(answer).encode())
    return token


def _answer_of(token: str) -> tuple[int, bytes]:
    return _ANSWERS.get(token, (200, b'{"active": false}'))
