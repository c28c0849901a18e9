"""The public address, which says what a test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

NOW = 1795370138.0
Reply = Callable[[str], tuple[int, object]]
"""Takes path and query; returns the status and what goes as JSON, or bytes that go as they are."""


class Gateway(BaseHTTPRequestHandler):
    """Answers by the reply that its server has."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        # A web ACL of AWS's common rules refuses whoever does not say what it is.
        known = self.headers["User-Agent"]
        status, answer = self.server.reply(self.path) if known else (403, {})  # type: ignore[attr-defined]
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Location", "https://127.0.0.1:9/elsewhere")
        if isinstance(answer, dict) and "after" in answer:
            self.send_header("Retry-After", str(answer["after"]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


def topic_of(*timestamps: int | None) -> Reply:
    """The heartbeat's topic, with a record for each time in ms since the epoch."""

    def reply(path: str) -> tuple[int, object]:
        _, _, offset = path.partition("offset=")
        wanted = offset.removesuffix("&limit=1")
        first = len(timestamps) if wanted == "latest" else int(wanted)
        records = [
            {"offset": number, "timestamp": stamp, "value": "e30="}
            for number, stamp in enumerate(timestamps)
            if number == first
        ]
        return 200, {"status": "success", "latest": len(timestamps), "records": records}

    return reply
