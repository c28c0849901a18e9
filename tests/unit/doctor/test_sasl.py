"""Tokens made with a life of one's choice; brokers that refuse, say nothing, or have another time."""

from __future__ import annotations

import json
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from octopus.doctor.caller import Caller, Login
from octopus.doctor.findings import Status
from octopus.doctor.kafka_checks import check_sign_in
from octopus.judge.signature import require_signature, signing_key
from octopus.judge.token import parse
from octopus.kafka.sasl import NoVerdictError, Verdict, broker_ahead_s, present, sign
from tests.unit.doctor.servers import make_authority, tls_server

KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


@pytest.mark.parametrize("life_s", [300, 900])
def test_token_is_one_that_the_judge_takes_until_its_end(life_s: int) -> None:
    token, ends = sign(KEY, region="us-east-1", life_s=life_s)
    presented = parse(token, regions=frozenset({"us-east-1"}), now=time.time())
    assert presented.expires == ends
    require_signature(
        presented, signing_key(secret_access_key=KEY.secret_key, date=presented.date, region="us-east-1")
    )


def _hang_up(_connection: ssl.SSLSocket) -> None:
    """As a broker does whose judge is away."""


def _babble(connection: ssl.SSLSocket) -> None:
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("serve", [_hang_up, _babble])
def test_broker_without_an_answer_gives_no_verdict(
    serve: Callable[[ssl.SSLSocket], None], tmp_path: Path
) -> None:
    authority = make_authority(tmp_path / "ca.pem", "Example")
    with (
        tls_server(authority.issue(tmp_path), serve) as address,
        pytest.raises(NoVerdictError, match=str(address)),
    ):
        present(address, authority.file, "token")


@dataclass(frozen=True)
class _Broker:
    """Answers the first requests of a connection as Kafka does, by a clock of its own."""

    refusal: str | None = None
    ahead_s: float = 0
    longest_session_s: float = 900

    def __call__(self, connection: ssl.SSLSocket) -> None:
        _receive(connection)
        mechanisms = (b"OAUTHBEARER", b"AWS_MSK_IAM")
        _reply(
            connection, struct.pack(">hi", 0, 2) + b"".join(struct.pack(">h", len(m)) + m for m in mechanisms)
        )
        token = _receive(connection).partition(b"auth=Bearer ")[2].partition(b"\x01")[0].decode()
        if self.refusal is not None:
            why = json.dumps({"status": self.refusal}).encode()
            _reply(connection, struct.pack(">hhi", 0, -1, len(why)) + why + struct.pack(">q", 0))
            _receive(connection)
            _reply(connection, struct.pack(">hh", 58, len(why)) + why + struct.pack(">iq", 0, 0))
            return
        expires = parse(token, regions=frozenset({"us-east-1"}), now=time.time()).expires
        left_s = min(expires - (time.time() + self.ahead_s), self.longest_session_s)
        _reply(connection, struct.pack(">hhiq", 0, -1, 0, int(left_s * 1000)))


def _receive(connection: ssl.SSLSocket) -> bytes:
    (size,) = struct.unpack(">i", connection.recv(4))
    return connection.recv(size)


def _reply(connection: ssl.SSLSocket, body: bytes) -> None:
    connection.sendall(struct.pack(">ii", len(body) + 4, 0) + body)


def test_refusal_is_told_in_the_brokers_words_with_what_to_do(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca.pem", "Example")
    with tls_server(authority.issue(tmp_path), _Broker(refusal="invalid_token")) as address:
        verdict = present(address, authority.file, sign(KEY, region="us-east-1")[0])
        caller = Caller(
            url="http://127.0.0.1:1",
            login=_nobody,
            given_servers=str(address),
            ca_file=authority.file,
            shell_key=KEY,
        )
        finding = check_sign_in(caller)
    assert verdict == Verdict(("OAUTHBEARER", "AWS_MSK_IAM"), "invalid_token", 0)
    assert finding.status is Status.FAILED
    assert finding.detail == f"{address} refused the token of {KEY.access_key}: invalid_token"
    assert finding.fix is not None
    assert "octopus logs audit" in finding.fix


def _nobody() -> Login:
    raise AssertionError("not asked for")


@pytest.mark.parametrize("ahead_s", [-120.0, 0.0, 200.0])
def test_clock_of_a_broker_is_read_from_the_sessions_that_it_gives(ahead_s: float, tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca.pem", "Example")
    with tls_server(authority.issue(tmp_path), _Broker(ahead_s=ahead_s)) as address:
        seen = broker_ahead_s(address, authority.file, KEY, "us-east-1")
    assert seen == pytest.approx(ahead_s, abs=30)


def test_clock_of_a_broker_with_shorter_sessions_is_not_guessed(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca.pem", "Example")
    with tls_server(authority.issue(tmp_path), _Broker(longest_session_s=20)) as address:
        assert broker_ahead_s(address, authority.file, KEY, "us-east-1") is None
