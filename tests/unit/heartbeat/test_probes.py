"""What a probe finds at a server that answers, refuses, says nothing or is not there."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from octopus.heartbeat import certificates, kafka_probe, web_probe
from octopus.heartbeat.kafka_probe import KafkaFound, KafkaProbe
from octopus.heartbeat.web_probe import HttpsFound, newest_event, readiness
from octopus.kafka import servers as servers_module
from octopus.kafka.asking import KafkaAwayError
from octopus.kafka.servers import CONNECT_S, Address
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.unit.doctor.servers import DAY, Authority, make_authority, tls_server, web_server

KEY = Credentials("AKIAEXAMPLE", "secret")
STAMP_MS = 1_795_348_800_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The one that signs here."""
    return make_authority(tmp_path_factory.mktemp("authority") / "ca.pem", "Brokers of Example")


def records(*offsets: int) -> Callable[[str, str], tuple[int, str]]:
    """A web service whose topic holds these."""

    def answer(_method: str, path: str) -> tuple[int, str]:
        parts = urlsplit(path)
        assert parts.path == "/api/v3/public/octopus/heartbeat/records"
        asked = parse_qs(parts.query)["offset"][0]
        found = [one for one in offsets if asked != "latest" and one >= int(asked)][:1]
        body = {
            "latest": offsets[-1] + 1 if offsets else 0,
            "records": [{"offset": one, "timestamp": STAMP_MS + one * 1000} for one in found],
        }
        return 200, json.dumps(body)

    return answer


def test_newest_event_is_read_with_its_age() -> None:
    with web_server(records(7, 8, 9)) as url:
        found = newest_event(url, clock=lambda: STAMP_MS / 1000 + 12)
    assert found.answers
    assert found.age_s == 3.0
    assert found.seconds is not None


def test_address_of_an_empty_topic_works_and_no_age_is_known() -> None:
    with web_server(records()) as url:
        found = newest_event(url)
    assert (found.answers, found.age_s) == (True, None)


@pytest.mark.parametrize(
    "reply", [(503, "{}"), (404, "{}"), (200, "<html>"), (200, "[]"), (200, '{"latest": "x"}')]
)
def test_other_answers_are_none(reply: tuple[int, str]) -> None:
    with web_server(lambda _method, _path: reply) as url:
        assert newest_event(url) == HttpsFound(answers=False)
        assert readiness(url) is None
    assert newest_event(f"http://127.0.0.1:{free_port()}") == HttpsFound(answers=False)


def test_rate_of_public_records_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_probe, "_AGAIN_S", 0.01)
    refusals: Iterator[tuple[int, str]] = iter([(429, "{}"), (429, "{}")])
    there = records(3)
    with web_server(lambda method, path: next(refusals, None) or there(method, path)) as url:
        assert newest_event(url).answers
    with web_server(lambda _method, _path: (429, "{}")) as url:
        assert newest_event(url) == HttpsFound(answers=True)


def test_refusal_says_after_how_long_to_ask_again(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, tmp_path: Path
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    crowded = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 4\r\nContent-Length: 0\r\n\r\n"
    with tls_server(authority.issue(tmp_path), replies(crowded, crowded, crowded)) as address:
        assert newest_event(f"https://{address}") == HttpsFound(answers=True)
    assert waits == [4.0, 4.0]


def test_address_under_an_authority_of_the_institutions_own_is_believed(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, tmp_path: Path
) -> None:
    ready = b'HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{"checks":{"iam":true}}'
    with tls_server(authority.issue(tmp_path), replies(ready)) as address:
        url = f"https://{address}"
        assert readiness(url) is None
        assert not web_probe.answers(url)
        assert web_probe.answers(url, ca_file=authority.file)
        assert not web_probe.answers(url, ca_file=tmp_path / "nowhere.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert readiness(url) == {"iam": True}


def test_address_that_is_none_is_no_answer() -> None:
    url = "http://::1:8000"
    assert newest_event(url) == HttpsFound(answers=False)
    assert readiness(url) is None
    assert not web_probe.answers(url)


def test_event_without_a_time_has_no_age() -> None:
    body = json.dumps({"latest": 1, "records": [{"offset": 0, "timestamp": None}]})
    with web_server(lambda _method, _path: (200, body)) as url:
        found = newest_event(url)
    assert (found.answers, found.age_s) == (True, None)


@pytest.mark.parametrize("status", [200, 503])
def test_readiness_says_which_dependency_is_away(status: int) -> None:
    body = json.dumps({"checks": {"kafka": True, "globus": False}})
    with web_server(lambda _method, _path: (status, body)) as url:
        assert readiness(url) == {"kafka": True, "globus": False}


def test_broker_that_is_not_there_is_not_reached() -> None:
    assert probe([Address("127.0.0.1", free_port())], None).look() == KafkaFound(reached=False)


def test_broker_that_closes_without_a_verdict_is_reached(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path)) as address:
        servers = [Address("127.0.0.1", free_port()), address]
        assert probe(servers, authority.file).look() == KafkaFound(reached=True)


def test_brokers_that_nobody_names_are_not_reached() -> None:
    def unknown() -> list[Address]:
        raise KafkaAwayError("no address")

    found = KafkaProbe(
        servers=unknown, settings=dict, credentials=lambda: KEY, region="us-east-1", ca_file=None
    ).look()
    assert found == KafkaFound(reached=False)


def test_broker_that_is_silent_is_reached_and_asked_once(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose judge is slow."""
    monkeypatch.setattr(kafka_probe, "_SIGN_IN_S", 0.5)
    asked: list[bytes] = []

    def say_nothing(connection: ssl.SSLSocket) -> None:
        asked.append(connection.recv(1024))
        connection.recv(1)

    with tls_server(authority.issue(tmp_path), say_nothing) as address:
        began = time.monotonic()
        assert probe([address], authority.file).look() == KafkaFound(reached=True)
        assert time.monotonic() - began < PATIENCE_S
    (request,) = asked
    assert b"octopus-heartbeat" in request


def test_all_brokers_together_have_so_long_to_let_it_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_probe, "_SIGN_IN_S", 0.3)
    with ExitStack() as silent:
        # Their system takes the connection, and nobody speaks TLS.
        listeners = [silent.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(12)]
        servers = [Address(*listener.getsockname()) for listener in listeners]
        began = time.monotonic()
        assert probe(servers, None).look() == KafkaFound(reached=False)
        assert time.monotonic() - began < CONNECT_S


def test_broker_whose_answer_is_cut_short_is_reached(authority: Authority, tmp_path: Path) -> None:
    def answer(connection: ssl.SSLSocket) -> None:
        connection.recv(1024)
        connection.sendall(struct.pack(">ii", 5, 17) + b"?")

    with tls_server(authority.issue(tmp_path), answer) as address:
        assert probe([address], authority.file).look() == KafkaFound(reached=True)


def test_process_without_a_key_says_nothing_of_brokers() -> None:
    def none() -> Credentials:
        raise NoCredentialsError

    found = KafkaProbe(
        servers=lambda: [Address("127.0.0.1", 9)],
        settings=dict,
        credentials=none,
        region="us-east-1",
        ca_file=None,
    ).look()
    assert found == KafkaFound(reached=None)


def test_certificate_that_ends_first_counts(authority: Authority, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("long", "short")]
    for folder in folders:
        folder.mkdir()
    with (
        tls_server(authority.issue(folders[0], ends=90 * DAY)) as one,
        tls_server(authority.issue(folders[1], ends=20 * DAY)) as other,
    ):
        closed = Address("127.0.0.1", free_port())
        days = certificates.days_left([(each, authority.file) for each in (one, other, closed)])
    assert days is not None
    assert timedelta(days=19.9) < timedelta(days=days) <= timedelta(days=20)


def test_certificate_that_has_ended_has_no_days_left(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path, begins=-2 * DAY, ends=-DAY)) as address:
        assert certificates.days_left([(address, authority.file)]) == 0.0


def test_days_are_unknown_where_no_certificate_is_to_be_seen() -> None:
    assert certificates.days_left([(Address("127.0.0.1", free_port()), None)]) is None


def test_certificates_are_looked_at_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers_module, "CONNECT_S", 0.5)
    with ExitStack() as silent:
        listeners = [silent.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(12)]
        began = time.monotonic()
        assert certificates.days_left([(Address(*each.getsockname()), None) for each in listeners]) is None
        assert time.monotonic() - began < 0.5 * len(listeners)


def replies(*texts: bytes) -> Callable[[ssl.SSLSocket], None]:
    """Answers the requests of each connection with these, one after another."""

    def serve(connection: ssl.SSLSocket) -> None:
        for text in texts:
            connection.recv(1024)
            connection.sendall(text)

    return serve


def probe(servers: list[Address], ca_file: Path | None) -> KafkaProbe:
    def never() -> dict[str, Any]:
        pytest.fail("nobody was let in")

    return KafkaProbe(
        servers=lambda: servers,
        settings=never,
        credentials=lambda: KEY,
        region="us-east-1",
        ca_file=ca_file,
    )
