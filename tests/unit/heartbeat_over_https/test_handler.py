"""What the function finds at the public address."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable

import pytest

from lambda_src.heartbeat import handler as heartbeat
from lambda_src.heartbeat.handler import Found, look
from octopus.heartbeat.names import NAMESPACE, TOPIC
from tests.ports import free_port
from tests.unit.heartbeat_over_https.gateway import NOW, Reply, topic_of


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


def test_refusal_says_after_how_long_to_ask_again(
    address: Callable[[Reply], str], trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    crowd: list[Reply] = [lambda _path: (429, {"after": 4})]
    asked = iter([*crowd, topic_of(1), *crowd, topic_of(1)])

    found = look(address(lambda path: next(asked)(path)), tls=trusting, now=NOW)

    assert waits == [4, 4]
    assert found.answers
    assert found.seconds is not None


@pytest.mark.parametrize("after", [0, 600])
def test_address_without_room_for_another_reader_works_and_nothing_is_measured(
    address: Callable[[Reply], str], trusting: ssl.SSLContext, after: int
) -> None:
    found = look(address(lambda _path: (429, {"after": after})), tls=trusting, now=NOW)
    assert found.metrics().keys() == {"HttpsAnswers", "CertificateDays"}
    assert found.metrics()["HttpsAnswers"] == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {"message": "inner-host"}), "status 404"),
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
