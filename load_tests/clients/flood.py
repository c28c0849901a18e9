"""Somebody who presents tokens that no key signed, each on a connection of its own, at a steady pace.

Task: ``host``, ``port``, ``access_key_id`` (of a key that exists, so that its secret has to be looked at),
``per_second`` and ``seconds`` (a round ends by itself). The process steps back for others, since its
processor time would be another machine's.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from load_tests.clients.rounds import Round, Task, serve
from load_tests.signing import sign

_HANDSHAKE, _AUTHENTICATE = 17, 36
"""Kafka's SASL requests; both in version 1."""
_PATIENCE_S = 1.0
"""For each answer, so that connections which the broker does not accept do not pile up."""
_STACK_BYTES = 256 * 1024
FIGURES = tuple(f"bad tokens {outcome}/s" for outcome in ("offered", "refused", "closed", "ignored"))
"""What a flood comes to."""


def prepare(task: Task) -> Round:
    """Each round presents tokens for ``seconds``, and counts what becomes of them."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Whoever floods does not care whom it speaks to.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    signed = sign({"access_key": task["access_key_id"], "secret_key": secrets.token_urlsafe(30)})
    url = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)).decode()
    threading.stack_size(_STACK_BYTES)

    def present() -> str:
        """What the broker did: ``refused``, ``closed`` (no verdict) or ``ignored``."""
        try:
            with (
                socket.create_connection((task["host"], task["port"]), _PATIENCE_S) as bare,
                context.wrap_socket(bare) as connection,
            ):
                _ask(connection, _HANDSHAKE, struct.pack(">h", 11) + b"OAUTHBEARER")
                first = f"n,,\x01auth=Bearer {_another(url)}\x01\x01".encode()
                _ask(connection, _AUTHENTICATE, struct.pack(">i", len(first)) + first)
                return "refused"
        except TimeoutError:
            return "ignored"
        except OSError:
            return "closed"

    def flood() -> Mapping[str, float]:
        most = int(2 * task["per_second"] * _PATIENCE_S)
        with ThreadPoolExecutor(most) as threads:
            attempts = []
            due = began = time.monotonic()
            while due < began + task["seconds"]:
                time.sleep(max(0, due - time.monotonic()))
                attempts.append(threads.submit(present))
                # On a machine that cannot keep the pace there are fewer: nothing is made up for.
                due = max(due + 1 / task["per_second"], time.monotonic())
        outcomes = Counter(attempt.result() for attempt in attempts)
        counts = len(attempts), outcomes["refused"], outcomes["closed"], outcomes["ignored"]
        return {name: count / task["seconds"] for name, count in zip(FIGURES, counts, strict=True)}

    return flood


def _another(url: str) -> str:
    """The token with a signature that nobody has seen."""
    other = re.sub(r"(?<=X-Amz-Signature=)[0-9a-f]{64}", secrets.token_hex(32), url)
    return base64.urlsafe_b64encode(other.encode()).rstrip(b"=").decode()


def _ask(connection: ssl.SSLSocket, request_type: int, body: bytes) -> None:
    """Send one request, and wait for whatever the answer is."""
    header = struct.pack(">hhih", request_type, 1, 0, -1)  # version, correlation id, no client id
    connection.sendall(struct.pack(">i", len(header) + len(body)) + header + body)
    if not connection.recv(1024):
        raise ConnectionResetError("the broker closed the connection")


if __name__ == "__main__":
    serve(prepare)
