"""What the function finds at the public address, and whom it tells."""

from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from lambda_src.heartbeat import handler as heartbeat
from lambda_src.heartbeat.handler import Found, handler, look, tell
from octopus.fabric.certificates import ensure_certificates
from octopus.heartbeat.names import NAMESPACE, TOPIC
from octopus.metrics.catalogue import catalogue
from octopus.metrics.catalogue import namespace as namespace_of
from octopus.status.models import Part
from octopus.status.store import StatusStore
from tests.ports import free_port

NOW = 1795370138.0
Reply = Callable[[str], tuple[int, object]]


class _Gateway(BaseHTTPRequestHandler):
    """The public address; it says what the test says, by path and query."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        # A web ACL of AWS's common rules refuses whoever does not say what it is.
        known = self.headers["User-Agent"]
        status, answer = self.server.reply(self.path) if known else (403, {})  # type: ignore[attr-defined]
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Location", "https://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of localhost, and the authority that signed it."""
    folder = tmp_path_factory.mktemp("certificates")
    ensure_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def trusting(certificates: Path) -> ssl.SSLContext:
    """Knows that authority."""
    return ssl.create_default_context(cafile=certificates / "ca.pem")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_AGAIN_S", 0)


@pytest.fixture
def address(certificates: Path) -> Iterator[Callable[[Reply], str]]:
    """Serves replies over TLS; the address, with a stage."""
    servers: list[ThreadingHTTPServer] = []
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(certificates / "broker.pem")

    def serve(reply: Reply) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Gateway)
        server.daemon_threads = True
        server.reply = reply  # type: ignore[attr-defined]
        server.socket = identity.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"https://localhost:{server.server_port}/live/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


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


def test_newest_event_is_read_at_the_address_of_the_topic(
    address: Callable[[Reply], str], trusting: ssl.SSLContext
) -> None:
    asked: list[str] = []

    def reply(path: str) -> tuple[int, object]:
        asked.append(path)
        return topic_of(*(int(NOW * 1000) - 60_000 * ago for ago in (3, 2, 1)))(path)

    found = look(address(reply), tls=trusting, now=NOW)

    records = f"/live/api/v3/public/{NAMESPACE}/{TOPIC}/records"
    assert asked == [f"{records}?offset=latest&limit=1", f"{records}?offset=2&limit=1"]
    assert (found.answers, found.age_s) == (True, 60)
    assert found.seconds is not None
    assert 0 < found.seconds < heartbeat._ANSWER_S


def test_certificate_is_said_to_end_when_it_does(
    address: Callable[[Reply], str], trusting: ssl.SSLContext
) -> None:
    now = time.time()
    found = look(address(topic_of()), tls=trusting, now=now)

    # As long as the one machine's authority makes them.
    assert found.certificate_days == pytest.approx(397, abs=1)


def test_empty_topic_is_an_answer_without_an_age(
    address: Callable[[Reply], str], trusting: ssl.SSLContext
) -> None:
    found = look(address(topic_of()), tls=trusting, now=NOW)
    assert found.metrics().keys() == {"HttpsAnswers", "HttpsSeconds", "CertificateDays"}
    assert found.metrics()["HttpsAnswers"] == 1


def test_event_without_a_time_and_one_of_a_clock_ahead_are_no_fault(
    address: Callable[[Reply], str], trusting: ssl.SSLContext
) -> None:
    assert look(address(topic_of(None)), tls=trusting, now=NOW).age_s is None
    assert look(address(topic_of(int(NOW * 1000) + 900)), tls=trusting, now=NOW).age_s == 0


def test_newest_event_is_asked_for_again_when_others_ask_too_much(
    address: Callable[[Reply], str], trusting: ssl.SSLContext
) -> None:
    replies: list[Reply] = [lambda _path: (429, {"status": "error"})] * 2 + [topic_of(1)] * 2
    asked = iter(replies)

    assert look(address(lambda path: next(asked)(path)), tls=trusting, now=NOW).answers


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {"message": "inner-host"}), "status 404"),
        ((429, {}), "status 429"),
        ((302, {}), "status 302"),
        ((503, b"inner-host"), "status 503"),
        ((200, b"<html>inner-host</html>"), "JSONDecodeError"),
        ((200, b"\xff"), "UnicodeDecodeError"),
        ((200, []), "TypeError"),
        ((200, {"latest": "inner-host"}), "ValueError"),
        ((200, {"latest": None}), "TypeError"),
        ((200, {"latest": 1}), "KeyError"),
        ((200, {"latest": 1, "records": [{}]}), "KeyError"),
        ((200, {"latest": 1, "records": [{"timestamp": "inner-host"}]}), "TypeError"),
    ],
    ids=str,
)
def test_whatever_is_no_event_is_no_answer_and_is_not_repeated_in_the_log(
    address: Callable[[Reply], str],
    trusting: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
    answer: tuple[int, object],
    said: str,
) -> None:
    found = look(address(lambda _path: answer), tls=trusting, now=NOW)

    assert found.metrics().keys() == {"HttpsAnswers", "CertificateDays"}
    assert found.metrics()["HttpsAnswers"] == 0
    assert caplog.text.rstrip().endswith(f": {said}")
    assert "inner-host" not in caplog.text


def test_address_that_is_silent_is_left_after_a_while(
    address: Callable[[Reply], str], trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(heartbeat, "_ANSWER_S", 0.1)

    def silent(_path: str) -> tuple[int, object]:
        over.wait(20)
        return 200, {}

    url = address(silent)
    try:
        found = look(url, tls=trusting, now=NOW)
        waited = not over.is_set()
    finally:
        over.set()
    assert (found.answers, waited) == (False, True)


def test_address_at_which_nobody_listens_has_no_certificate(trusting: ssl.SSLContext) -> None:
    found = look(f"https://localhost:{free_port()}/live/", tls=trusting, now=NOW)
    assert found == Found(answers=False)


def test_certificate_of_an_unknown_authority_is_no_answer(address: Callable[[Reply], str]) -> None:
    found = look(address(topic_of(1)), tls=ssl.create_default_context(), now=NOW)
    assert found == Found(answers=False)


def test_metrics_and_their_units_are_those_of_the_catalogue() -> None:
    known = catalogue()
    assert {name: known[name].unit for name in heartbeat.UNITS} == heartbeat.UNITS
    assert {known[name].component for name in heartbeat.UNITS} == {"heartbeat"}
    every = Found(answers=True, seconds=1, age_s=1, certificate_days=1)
    assert every.metrics().keys() == heartbeat.UNITS.keys()


@pytest.mark.parametrize("first", ["function", "process"])
def test_function_and_process_write_the_same_row(database: Any, table: str, first: str) -> None:
    """Whoever told first, the other goes on with what he said."""
    moments = iter([NOW, NOW + 60, NOW + 120, NOW + 180])
    clock = [0.0]
    store = StatusStore(database, table, clock=lambda: clock[0])
    by_function = first == "function"
    for works in (True, True, False, False):
        clock[0] = next(moments)
        if by_function:
            tell(database, table, works=works, now=clock[0])
        else:
            store.tell(Part.HTTPS, works=works)
        by_function = not by_function
        if works is False:
            continue
        (standing,) = store.read()
        assert (standing.part, standing.works) == (Part.HTTPS, True)
        assert standing.since.timestamp() == NOW
        assert standing.checked == standing.worked
        assert standing.checked.timestamp() == clock[0]

    (standing,) = store.read()
    assert standing.works is False
    assert [each.timestamp() for each in (standing.since, standing.checked)] == [NOW + 120, NOW + 180]
    assert standing.worked is not None
    assert standing.worked.timestamp() == NOW + 60


@pytest.fixture
def told(
    cloud: boto3.Session,
    table: str,
    certificates: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], None]]:
    """Runs the function as it is installed, at an address."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("OCTOPUS_INSTITUTION", "lab")
    monkeypatch.setenv("OCTOPUS_REGISTRY_TABLE", table)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))

    def run(url: str) -> None:
        monkeypatch.setenv("OCTOPUS_PUBLIC_URL", url)
        handler({}, None)

    heartbeat._client.cache_clear()
    yield run
    heartbeat._client.cache_clear()


def test_each_minute_cloudwatch_and_the_registry_are_told(
    told: Callable[[str], None],
    address: Callable[[Reply], str],
    cloud: boto3.Session,
    database: Any,
    table: str,
) -> None:
    began = time.time()
    told(address(topic_of(int(began * 1000) - 5_000)))

    cloudwatch = cloud.client("cloudwatch")
    listed = cloudwatch.list_metrics(Namespace=namespace_of("lab"))["Metrics"]
    assert {each["MetricName"] for each in listed} == heartbeat.UNITS.keys()
    (age,) = cloudwatch.get_metric_statistics(
        Namespace=namespace_of("lab"),
        MetricName="FreshnessSeconds",
        StartTime=datetime.fromtimestamp(began - 60),
        EndTime=datetime.fromtimestamp(began + 60),
        Period=120,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert 5 <= age["Maximum"] < 65
    assert age["Unit"] == "Seconds"
    (standing,) = StatusStore(database, table).read()
    assert (standing.part, standing.works) == (Part.HTTPS, True)


def test_registry_is_told_while_cloudwatch_is_away(
    told: Callable[[str], None], database: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://monitoring.example")

    monkeypatch.setattr(heartbeat, "put", away)
    with pytest.raises(EndpointConnectionError):
        told(f"https://localhost:{free_port()}/live/")

    (standing,) = StatusStore(database, table).read()
    assert (standing.part, standing.works) == (Part.HTTPS, False)


def test_log_says_nothing_while_all_is_well(
    told: Callable[[str], None], address: Callable[[Reply], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=heartbeat.logger.name)
    told(address(topic_of(1)))
    assert [record for record in caplog.records if record.name == heartbeat.logger.name] == []
