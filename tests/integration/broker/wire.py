"""Kafka's protocol by hand, for what no client library offers: to hold one connection, and see it end."""

from __future__ import annotations

import math
import select
import socket
import ssl
import struct
import time
from types import TracebackType
from typing import Self

from tests.integration.broker.node import Node

FETCH, SASL_HANDSHAKE, SASL_AUTHENTICATE = 1, 17, 36
SHARE_GROUP_HEARTBEAT, SHARE_FETCH = 76, 78

_NO_TAGS = b"\x00"

FOREVER_MS = 2**31 - 1
"""The longest that a client can ask to wait: three weeks."""


class Connection:
    """One TLS connection to a node's listener for clients."""

    def __init__(self, node: Node) -> None:
        host, port = node.bootstrap_servers.split(":")
        context = ssl.create_default_context(cafile=str(node.ca_file))
        self._socket = context.wrap_socket(
            socket.create_connection((host, int(port)), 30), server_hostname=host
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def authenticate(self, token: str) -> bytes:
        """Present a token; empty when it was accepted, else the broker's refusal.

        Raises:
            ConnectionError: the broker closed the connection without a verdict.
        """
        self._ask(SASL_HANDSHAKE, 1, _text("OAUTHBEARER"))
        code, _, said = self._authenticate(f"n,,\x01auth=Bearer {token}\x01\x01")
        return said or (b"refused" if code else b"")

    def authenticate_as_java(self, signed_request: str) -> str:
        """Present a signed request by AWS_MSK_IAM; the broker's answer.

        Raises:
            PermissionError: it was refused, in the broker's words.
            ConnectionError: the broker closed the connection without a verdict.
        """
        self._ask(SASL_HANDSHAKE, 1, _text("AWS_MSK_IAM"))
        code, refusal, said = self._authenticate(signed_request)
        if code:
            raise PermissionError(refusal)
        return said.decode()

    def fetch(self, topic: str, *, max_wait_ms: int) -> int:
        """Fetch partition 0 from its beginning; the partition's error code, 0 when it was allowed.

        Raises:
            ConnectionError: the broker closed the connection.
        """
        self.park(topic, max_wait_ms=max_wait_ms)
        return self.parked(topic)[0]

    def park(
        self, topic: str, *, offset: int = 0, max_wait_ms: int = FOREVER_MS, max_bytes: int = 1 << 20
    ) -> None:
        """Ask for the records of partition 0, and wait for none of them."""
        partition = struct.pack(">iqi", 0, offset, max_bytes)
        request = struct.pack(">iiiib", -1, max_wait_ms, 1, max_bytes, 0)
        request += struct.pack(">i", 1) + _text(topic) + struct.pack(">i", 1) + partition
        self._send(_head(FETCH, 4) + request)

    def parked(self, topic: str) -> tuple[int, bytes]:
        """The answer to a fetch: the partition's error code, and its records as they are stored.

        Raises:
            ConnectionError: the broker closed the connection.
        """
        answer = self.answer()[4:]
        after_name = 4 + 4 + 2 + len(topic) + 4
        (code,) = struct.unpack_from(">h", answer, after_name + 4)
        aborted_transactions = after_name + 4 + 2 + 8 + 8
        return int(code), answer[aborted_transactions + 4 + 4 :]

    def await_first_bytes(self) -> None:
        """Return when the answer has begun to come in; nothing of it is read."""
        select.select([self._socket], [], [])

    def join_share_group(self, group: str, *, member: str, topics: tuple[str, ...]) -> int:
        """Ask to become a member of a share group; the error code."""
        nothing = b"\x00"
        body = _compact(group) + _compact(member) + struct.pack(">i", 0) + nothing
        body += bytes([len(topics) + 1]) + b"".join(_compact(topic) for topic in topics)
        # A flexible request: its header ends in tagged fields, and so does that of its answer.
        answer = self._ask(SHARE_GROUP_HEARTBEAT, 1, _NO_TAGS + body + _NO_TAGS)
        return int(struct.unpack_from(">h", answer, 1 + 4)[0])

    def share_fetch(self, group: str, member: str, topic_id: bytes, *, max_wait_ms: int) -> bytes:
        """Fetch partition 0 as a member of a share group; the answer as it is, records and all.

        Raises:
            ConnectionError: the broker closed the connection.
        """
        self.park_share_fetch(group, member, topic_id, max_wait_ms=max_wait_ms)
        return self.answer()

    def park_share_fetch(
        self, group: str, member: str, topic_id: bytes, *, max_wait_ms: int = FOREVER_MS
    ) -> None:
        """Ask for partition 0 as a member of a share group, and wait for none of its records."""
        new_session, one, none = 0, b"\x02", b"\x01"
        body = _compact(group) + _compact(member)
        body += struct.pack(">iiiiii", new_session, max_wait_ms, 1, 1 << 20, 500, 500)
        partition = struct.pack(">i", 0) + none + _NO_TAGS
        body += one + topic_id + one + partition + _NO_TAGS + none
        self._send(_head(SHARE_FETCH, 1) + _NO_TAGS + body + _NO_TAGS)

    def _authenticate(self, message: str) -> tuple[int, str, bytes]:
        """Send a SASL message; error code, error message and SASL message of the answer."""
        sent = message.encode()
        answer = self._ask(SASL_AUTHENTICATE, 0, struct.pack(">i", len(sent)) + sent)
        (code, length) = struct.unpack_from(">hh", answer)
        at = 4 + max(0, length)
        (said,) = struct.unpack_from(">i", answer, at)
        return code, answer[4:at].decode(), answer[at + 4 : at + 4 + said]

    def exchange(self, request: bytes) -> bytes:
        """Send a request and return its response, both with their headers and without their sizes.

        Raises:
            ConnectionError: the broker closed the connection.
        """
        self._send(request)
        return self.answer()

    def _ask(self, api_key: int, version: int, body: bytes) -> bytes:
        return self.exchange(_head(api_key, version) + body)[4:]

    def _send(self, request: bytes) -> None:
        self._socket.sendall(struct.pack(">i", len(request)) + request)

    def answer(self, *, bytes_per_s: float = math.inf) -> bytes:
        """The answer to what was asked last, with its header; taken no faster than that.

        Raises:
            ConnectionError: the broker closed the connection.
        """
        (length,) = struct.unpack(">i", self._receive(4))
        return self._receive(length, bytes_per_s)

    def _receive(self, length: int, bytes_per_s: float = math.inf) -> bytes:
        received = bytearray()
        while len(received) < length:
            part = self._socket.recv(length - len(received))
            if not part:
                raise ConnectionResetError("the broker closed the connection")
            received += part
            time.sleep(len(part) / bytes_per_s)
        return bytes(received)


def _head(api_key: int, version: int) -> bytes:
    return struct.pack(">hhi", api_key, version, 7) + _text("test")


def _compact(value: str) -> bytes:
    return bytes([len(value) + 1]) + value.encode()


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()
