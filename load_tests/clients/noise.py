"""A tenant at full speed: one thread produces, another reads what it wrote, as fast as the broker lets them.

Task: ``namespace`` (of the tenant), ``seconds`` (a round ends by itself), ``record_bytes``, ``key`` with
``bootstrap_servers`` and ``ca_file``, ``inner`` (librdkafka's settings of one of the cluster's own, who makes
the topic and sets quotas) and ``quotas`` (by `octopus.quotas.models.Limit`): what all are held to while the
round lasts, or None. The process steps back for others, since its processor time would be another machine's.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]

from load_tests.clients.kafka import client
from load_tests.clients.rounds import Round, Task, serve
from octopus.kafka.quotas import QuotaAdmin
from octopus.quotas.models import Limit
from octopus.quotas.rates import changed_quotas, wanted_quotas

_SECONDS = 20
_BATCH = 500
FIGURES = ("noisy MB/s in", "noisy MB/s out", "noisy throttled ms/s")
"""What the noise comes to."""


def prepare(task: Task) -> Round:
    """Each round makes noise for ``seconds``, in a topic of its own."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    inner = {**task["inner"], "log_level": 3}
    admin = AdminClient(inner)
    quotas = QuotaAdmin(lambda: inner)
    numbers = iter(range(1_000_000))

    def take() -> Mapping[str, float]:
        _hold_to(quotas, task["quotas"])
        with _topic(admin, f"{task['namespace']}.noise{next(numbers)}") as topic:
            received, throttled = _make_noise(task, topic)
            # Asked by one of the cluster's own, whom no quota holds up.
            partition = TopicPartition(topic, 0)
            latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
            end = admin.list_offsets({partition: latest})[partition].result(_SECONDS).offset
            done = end * task["record_bytes"] / 1e6, received / 1e6, throttled
            return {name: amount / task["seconds"] for name, amount in zip(FIGURES, done, strict=True)}

    return take


def _make_noise(task: Task, topic: str) -> tuple[int, float]:
    """Bytes that were read, and milliseconds for which the broker held the tenant up."""
    throttled: list[float] = []
    settings = {**client(task), "throttle_cb": lambda event: throttled.append(event.throttle_time * 1000)}
    ends = time.monotonic() + task["seconds"]
    received = 0

    def read() -> None:
        nonlocal received
        consumer = Consumer({**settings, "group.id": f"{topic}.reader", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, 0, 0)])
        while time.monotonic() < ends:
            received += sum(len(message.value() or b"") for message in consumer.consume(_BATCH, timeout=0.2))
        consumer.close()

    producer = Producer(
        {
            **settings,
            "acks": "all",
            "queue.buffering.max.kbytes": 64 * 1024,
        }
    )
    reading = threading.Thread(target=read)
    reading.start()
    value = os.urandom(task["record_bytes"])
    batch: list[dict[str, bytes]] = [{"value": value} for _ in range(_BATCH)]
    while time.monotonic() < ends:
        producer.poll(0)
        if producer.produce_batch(topic, batch, partition=0) < _BATCH:
            producer.poll(0.01)  # its queue is full
    producer.purge()
    producer.flush(_SECONDS)
    reading.join()
    return received, sum(throttled)


def _hold_to(quotas: QuotaAdmin, limits: Mapping[str, int] | None) -> None:
    """Everybody is held to these limits, or to none."""
    given = {Limit(name): value for name, value in (limits or {}).items()}
    wanted = wanted_quotas({**dict.fromkeys(Limit, 0), **given}, {}, brokers=quotas.brokers())
    quotas.alter(changed_quotas(wanted, quotas.held()))


@contextmanager
def _topic(admin: AdminClient, name: str) -> Iterator[str]:
    """A topic of one partition, gone afterwards with all that is in it."""
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(_SECONDS)
    try:
        yield name
    finally:
        admin.delete_topics([name])[name].result(_SECONDS)


if __name__ == "__main__":
    serve(prepare)
