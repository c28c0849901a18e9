"""The real CDK command line against the emulator, and what stands on both sides of the gateway."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import boto3
import pytest

ROOT = Path(__file__).parents[3]
CLIENT = "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11"
CLIENT_SECRET = "the-client-s-secret"

Cdk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """The emulator's operator."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@pytest.fixture(scope="session")
def cdk(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """Run the CDK command line in a bootstrapped account: ``cdk("deploy", "--all", context={...})``."""
    home = tmp_path_factory.mktemp("cdk")
    cache = Path(os.environ.get("OCTOPUS_CACHE", ROOT / ".cache"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "CDK_HOME": str(home),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # Seconds for each synth; the templates are validated by the tests of the infrastructure.
        "CDK_VALIDATION": "false",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache / "jsii"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "AWS_ENDPOINT_URL": emulator,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def run(
        *arguments: str, context: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        flags = [word for name, value in (context or {}).items() for word in ("-c", f"{name}={value}")]
        return subprocess.run(
            [ROOT / "node_modules" / ".bin" / "cdk", *arguments, *flags, "--output", str(home / "cdk.out")],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )

    # From a folder without an app: an account is prepared before anything is known of the fabric.
    done = run("bootstrap", "aws://000000000000/us-east-1", cwd=home)
    assert done.returncode == 0, done.stdout
    return run


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

    def echo(asked: Asked) -> tuple[int, bytes]:
        return 200, json.dumps({"method": asked.method, "path": asked.path}).encode()

    yield from _serve(Upstream(echo))


_ANSWERS: dict[str, tuple[int, bytes]] = {}


def token_for(status: int, **answer: object) -> str:
    """Return a new token of which Globus Auth will say this."""
    token = f"bearer-{len(_ANSWERS)}"
    _ANSWERS[token] = (status, json.dumps(answer).encode())
    return token


def _answer_of(token: str) -> tuple[int, bytes]:
    return _ANSWERS.get(token, (200, b'{"active": false}'))
