"""Tokens made with a life of one's choice, and brokers that say nothing."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from octopus.doctor.sasl import NoVerdictError, present, sign
from octopus.judge.signature import require_signature, signing_key
from octopus.judge.token import parse
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
