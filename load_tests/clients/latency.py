"""A producer that sends at a steady pace and sees how long each acknowledgement takes.

Task: ``topic``, ``count`` (events a round), ``per_second``, ``record_bytes``, how to connect (as in
`load_tests.clients.kafka`), and ``beside``, who else is there while a round lasts: ``client`` (of
`load_tests.clients`), its ``task``, or None for nobody, the ``figures`` that it comes to, by name, all zero
when there is nobody, and ``lead_s``, by how much it begins earlier.
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


def prepare(task: Task) -> Round:
    """Each round sends ``count`` events one by one, and waits until all are acknowledged."""
    throttled: list[float] = []
    told = {"throttle_cb": lambda event: throttled.append(event.throttle_time * 1000)}
    producer = Producer({**client(task), **told, "acks": "all", "linger.ms": 0})
    beside = task["beside"]
    value = os.urandom(task["record_bytes"])
    # Ends with this process.
    held = ExitStack()
    other = held.enter_context(Worker(beside["client"], beside["task"])) if beside["task"] else None

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
        throttled.clear()
        others: list[Mapping[str, float]] = []
        going_on = threading.Thread(target=lambda: others.append(other.round() if other else {}))
        going_on.start()
        if other:
            time.sleep(beside["lead_s"])
        began = time.perf_counter()
        milliseconds = produce()
        seconds = time.perf_counter() - began
        going_on.join()
        figures = {name: percentile(milliseconds, at) for name, at in (("p50 ms", 50), ("p99 ms", 99))}
        # A worker that failed has left nothing, and said why.
        of_other = {name: others[0].get(name, 0.0) for name in beside["figures"]}
        return {"seconds": seconds, **figures, "throttled ms": sum(throttled), **of_other}

    return take


if __name__ == "__main__":
    serve(prepare)
