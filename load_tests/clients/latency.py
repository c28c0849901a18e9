"""A producer that sends at a steady pace and sees how long each acknowledgement takes.

Task: ``topic``, ``count`` (events a round), ``per_second``, ``record_bytes``, how to connect (as in
`load_tests.clients.kafka`), and ``flood``: what `load_tests.clients.flood` is told while a round
lasts, or None.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack

from confluent_kafka import KafkaError, Producer

from load_tests.clients.kafka import client
from load_tests.clients.rounds import Round, Task, serve
from load_tests.comparison import percentile
from load_tests.errors import BenchmarkError
from load_tests.worker import Worker

_SECONDS = 30
FLOOD = ("offered", "refused", "closed", "ignored")
"""What a flood comes to, each second; all zero when there is none."""


def prepare(task: Task) -> Round:
    """Each round sends ``count`` events one by one, and waits until all are acknowledged."""
    producer = Producer({**client(task), "acks": "all", "linger.ms": 0})
    value = os.urandom(task["record_bytes"])
    # Ends with this process.
    held = ExitStack()
    flood = held.enter_context(Worker("flood", task["flood"])) if task["flood"] else None

    def produce() -> list[float]:
        milliseconds: list[float] = []
        failures: list[KafkaError] = []
        began = time.perf_counter()
        for number in range(task["count"]):
            while (left := began + number / task["per_second"] - time.perf_counter()) > 0:
                producer.poll(left)
            sent = time.perf_counter()

            def acknowledged(error: KafkaError | None, _: object, sent: float = sent) -> None:
                if error is not None:
                    failures.append(error)
                milliseconds.append((time.perf_counter() - sent) * 1000)

            producer.produce(task["topic"], value, on_delivery=acknowledged)
        if producer.flush(_SECONDS) or failures:
            raise BenchmarkError(f"not all events were acknowledged: {failures[:1]}")
        return milliseconds

    def take() -> Mapping[str, float]:
        floods: list[Mapping[str, float]] = []
        flooding = threading.Thread(target=lambda: floods.append(flood.round() if flood else {}))
        flooding.start()
        milliseconds = produce()
        flooding.join()
        figures = {name: percentile(milliseconds, at) for name, at in (("p50 ms", 50), ("p99 ms", 99))}
        return {**figures, **{f"bad tokens {name}/s": floods[0].get(name, 0.0) for name in FLOOD}}

    return take


if __name__ == "__main__":
    serve(prepare)
