"""Kafka clients that produce or consume, by IAM over TLS or as the control does.

Task: ``action``, ``topic``, ``count``, ``record_bytes``, ``compression``, and either ``key`` (of an IAM
principal; with ``bootstrap_servers`` and ``ca_file``) or ``settings`` (librdkafka's, complete).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from load_tests.clients.rounds import Round, Task, serve
from load_tests.errors import BenchmarkError
from load_tests.signing import credentials
from octopus.kafka.client import client_settings

_SECONDS = 30
_BATCH = 1000
_ERRORS = 3
"""Of syslog's levels: a broker that was just started makes clients try again, and warn of it."""


def prepare(task: Task) -> Round:
    """The round of this task's action."""
    return {"produce": _producing, "consume": _consuming}[task["action"]](task)


def _producing(task: Task) -> Round:
    """Each round sends ``count`` events, and waits until all are acknowledged."""
    settings, topic, count = client(task), task["topic"], task["count"]
    producer = Producer(
        {
            **settings,
            "acks": "all",
            "compression.type": task["compression"],
            # Exactly as many arrive as were sent, so that the count can be checked.
            "enable.idempotence": True,
            # A round fits into the queue: the client never waits for its own buffer.
            "queue.buffering.max.messages": count,
            "queue.buffering.max.kbytes": 1024 * 1024,
        }
    )
    reader = Consumer({**settings, "group.id": f"{topic}.count"})
    partition = TopicPartition(topic, 0)
    batch: list[dict[str, bytes]] = [{"value": _record(task)} for _ in range(_BATCH)]
    _, end = reader.get_watermark_offsets(partition, timeout=_SECONDS)

    def take() -> Mapping[str, float]:
        nonlocal end
        began, used = time.perf_counter(), time.process_time()
        for _ in range(count // _BATCH):
            producer.produce_batch(topic, batch, partition=0)
        producer.flush(_SECONDS)
        figures = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}
        before = end
        _, end = reader.get_watermark_offsets(partition, timeout=_SECONDS)
        if end - before != count:
            raise BenchmarkError(f"{count} events were sent and {end - before} are in the log")
        return figures

    return take


def _consuming(task: Task) -> Round:
    """Each round reads the ``count`` events that the topic holds, from its beginning."""
    topic, count = task["topic"], task["count"]
    consumer = Consumer(
        {
            **client(task),
            "group.id": f"{topic}.reader",
            "enable.auto.commit": False,
            # Else the fetch that waits at the log's end would hold up the beginning of the next round,
            "fetch.wait.max.ms": 10,
            # and a client whose queue is full would not fetch for a whole second.
            "fetch.queue.backoff.ms": 10,
        }
    )

    def take() -> Mapping[str, float]:
        consumer.assign([TopicPartition(topic, 0, 0)])
        received = 0
        while received < count:
            messages = consumer.consume(_BATCH, timeout=_SECONDS)
            failed = next((message.error() for message in messages if message.error()), None)
            if failed or not messages:
                raise BenchmarkError(f"after {received} of {count} events: {failed or 'nothing came'}")
            received += len(messages)
        consumer.unassign()
        return {}

    return take


def _record(task: Task) -> bytes:
    """Random bytes, which do not compress, or their hexadecimal digits, which halve."""
    size: int = task["record_bytes"]
    return os.urandom(size) if task["compression"] == "none" else os.urandom(size // 2).hex().encode()


def client(task: Task) -> dict[str, Any]:
    """librdkafka's settings that a task tells: its ``settings``, or those of its ``key``."""
    if "settings" in task:
        settings = task["settings"]
    else:
        settings = client_settings(
            bootstrap_servers=task["bootstrap_servers"],
            ca_file=Path(task["ca_file"]),
            credentials=credentials(task["key"]),
        )
    return {**settings, "log_level": _ERRORS}


if __name__ == "__main__":
    serve(prepare)
