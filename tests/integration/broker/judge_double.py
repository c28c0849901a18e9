"""A judge whose answers a test decides: it stands in for ours only to make faults and to choose policies."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from tests.patience import PATIENCE_S

T = TypeVar("T")
Rule = dict[str, Any]


def allow(actions: list[str], resources: list[str]) -> Rule:
    """A rule that allows ``kafka-cluster:`` actions, named without the prefix."""
    return {
        "effect": "allow",
        "actions": [f"kafka-cluster:{action}" for action in actions],
        "resources": resources,
        "conditions": [],
    }


@dataclass
class Key:
    """What the judge says of one access key; one that expires is a session's."""

    principal: str
    access_key_id: str
    rules: list[Rule]
    active: bool = True
    expires_ms: int | None = None


@dataclass
class JudgeDouble:
    """Answers ``/verify`` and ``/policies`` for chosen keys, checking no signature.

    ``away`` closes connections without an answer; ``age_ms`` is the age it gives its readings.
    """

    secret: str
    away: bool = False
    age_ms: int = 0
    keys: dict[str, Key] = field(default_factory=dict)
    verified: list[str] = field(default_factory=list)
    refreshed: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        judge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if judge.away:
                    self.close_connection = True
                    return
                if self.headers["Authorization"] != f"Bearer {judge.secret}":
                    self._reply(401, b"")
                    return
                answer = {"/verify": judge._verify, "/policies": judge._policies}[self.path]
                self._reply(200, json.dumps(answer(json.loads(body))).encode())

            def _reply(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Silence: the test says what was asked."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def await_refresh(self, access_key_id: str) -> None:
        """Return when the plugin has asked for a key's policy anew, and has had the answer."""
        seen = self._count(access_key_id)
        # The second question comes after the first one's answer was taken.
        until(lambda: self._count(access_key_id) >= seen + 2, within_s=PATIENCE_S)

    def _count(self, access_key_id: str) -> int:
        return sum(access_key_id in asked for asked in self.refreshed)

    def _verify(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["mechanism"] == "AWS_MSK_IAM":
            signed = json.loads(request["token"])
            access_key_id = signed["x-amz-credential"].split("/")[0]
            if signed["host"] not in request["hosts"]:
                return {"outcome": "deny", "reason": "signed for another host"}
        else:
            url = base64.urlsafe_b64decode(request["token"] + "=" * (-len(request["token"]) % 4)).decode()
            access_key_id = parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].split("/")[0]
        self.verified.append(access_key_id)
        key = self.keys.get(access_key_id)
        if key is None or not key.active:
            return {"outcome": "deny", "reason": "unknown or inactive key"}
        return {
            "outcome": "allow",
            "principal": key.principal,
            "access_key_id": access_key_id,
            "kind": "iam-user" if key.expires_ms is None else "session",
            "lifetime_ms": int((time.time() + 900) * 1000),
            "session_expires_ms": key.expires_ms,
            "policy": self._policy(key, ""),
        }

    def _policies(self, request: dict[str, Any]) -> dict[str, Any]:
        self.refreshed.append([asked["access_key_id"] for asked in request["principals"]])
        policies: list[dict[str, Any]] = []
        for asked in request["principals"]:
            key = self.keys.get(asked["access_key_id"])
            if key is None or not key.active:
                names = {name: asked[name] for name in ("principal", "access_key_id")}
                policies.append(names | {"outcome": "deny", "reason": "inactive key"})
            else:
                policies.append(self._policy(key, asked["version"]))
        return {"policies": policies}

    def _policy(self, key: Key, held: str) -> dict[str, Any]:
        names = {"principal": key.principal, "access_key_id": key.access_key_id, "age_ms": self.age_ms}
        version = str(hash(json.dumps(key.rules)))
        if held == version:
            return names | {"version": version, "unchanged": True}
        return names | {"version": version, "layers": [key.rules]}


def until(condition: Callable[[], T], *, within_s: float) -> T:
    """The first true value of a condition.

    Raises:
        AssertionError: it has not come true in time.
    """
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "condition did not come true in time"
        time.sleep(0.05)
    return value
