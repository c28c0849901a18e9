"""Tokens of Kafka clients are signed with the credentials of the moment, for the region that brokers take."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from octopus.kafka.client import client_settings


class _TaskRole(BaseHTTPRequestHandler):
    """What ECS tells a task of its role: another key each time."""

    def do_GET(self) -> None:
        server: _Ecs = self.server  # type: ignore[assignment]
        server.given += 1
        expires = datetime.now(UTC) + timedelta(hours=6)
        content = json.dumps(
            {
                "AccessKeyId": f"ASIA{server.given}",
                "SecretAccessKey": "secret",
                "Token": "token",
                "Expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        pass


class _Ecs(ThreadingHTTPServer):
    given = 0


@pytest.fixture
def _in_a_task(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = _Ecs(("127.0.0.1", 0), _TaskRole)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("_in_a_task")
def test_each_token_is_signed_with_what_the_task_has_at_that_moment() -> None:
    sign = client_settings(bootstrap_servers="broker:9098", region="eu-central-1")["oauth_cb"]

    scopes = [scope_of(sign("")[0]) for _ in range(2)]

    assert [scope.split("/")[0] for scope in scopes] == ["ASIA1", "ASIA2"]
    assert {scope.split("/")[2] for scope in scopes} == {"eu-central-1"}


def scope_of(token: str) -> str:
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    return parse_qs(urlsplit(url).query)["X-Amz-Credential"][0]
