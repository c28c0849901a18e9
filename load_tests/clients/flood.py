"""Somebody who presents tokens that no key signed, each on a connection of its own, at a steady pace.

Task: ``host``, ``port``, ``access_key_id`` (of a key that exists, so that its secret has to be looked at),
``per_second`` and ``seconds`` (a round ends by itself).
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import ssl
import struct
from collections import Counter
from collections.abc import Mapping

from load_tests.clients.rounds import Round, Task, serve
from load_tests.signing import sign

_HANDSHAKE, _AUTHENTICATE = 17, 36
"""Kafka's SASL requests; both in version 1."""
_PATIENCE_S = 1.0
"""For one connection, so that those which the broker does not accept do not pile up."""


def prepare(task: Task) -> Round:
    """Each round presents tokens for ``seconds``, and counts what becomes of them."""
    # Whoever floods does not care whom it speaks to.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    signed = sign({"access_key": task["access_key_id"], "secret_key": secrets.token_urlsafe(30)})
    url = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)).decode()

    async def present() -> str:
        """What the broker did: ``refused``, ``closed`` (no verdict) or ``ignored``."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reader, writer = await asyncio.open_connection(task["host"], task["port"], ssl=context)
                try:
                    await _ask(reader, writer, _HANDSHAKE, struct.pack(">h", 11) + b"OAUTHBEARER")
                    first = f"n,,\x01auth=Bearer {_another(url)}\x01\x01".encode()
                    await _ask(reader, writer, _AUTHENTICATE, struct.pack(">i", len(first)) + first)
                    return "refused"
                finally:
                    writer.transport.abort()
        except TimeoutError:
            return "ignored"
        except (OSError, asyncio.IncompleteReadError):
            return "closed"

    async def flood() -> Mapping[str, float]:
        loop = asyncio.get_running_loop()
        # What is left of a connection that was given up in the middle of its handshake.
        loop.set_exception_handler(lambda *_: None)
        attempts = []
        async with asyncio.TaskGroup() as group:
            due = began = loop.time()
            while due < began + task["seconds"]:
                await asyncio.sleep(due - loop.time())
                attempts.append(group.create_task(present()))
                # On a machine that cannot keep the pace there are fewer: nothing is made up for.
                due = max(due + 1 / task["per_second"], loop.time())
        outcomes = Counter(attempt.result() for attempt in attempts)
        counts = {"offered": len(attempts)} | {
            name: outcomes[name] for name in ("refused", "closed", "ignored")
        }
        return {name: count / task["seconds"] for name, count in counts.items()}

    return lambda: asyncio.run(flood())


def _another(url: str) -> str:
    """The token with a signature that nobody has seen."""
    other = re.sub(r"(?<=X-Amz-Signature=)[0-9a-f]{64}", secrets.token_hex(32), url)
    return base64.urlsafe_b64encode(other.encode()).rstrip(b"=").decode()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request_type: int, body: bytes
) -> None:
    """Send one request, and wait for whatever the answer is."""
    header = struct.pack(">hhih", request_type, 1, 0, -1)  # version, correlation id, no client id
    writer.write(struct.pack(">i", len(header) + len(body)) + header + body)
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    await reader.readexactly(size)


if __name__ == "__main__":
    serve(prepare)
