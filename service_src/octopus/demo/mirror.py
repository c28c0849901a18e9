"""An independent reader: rebuilds the watched folder from the topic alone, in a process of its own.

Told whose machine it is by the environment, as ``octopus env`` prints it. It writes ``{"event": "ready"}``
when it has the run's first event, and ends after the last. The report file is a JSON object: ``receipts`` has
``[time of the file system's event in ns, nanoseconds until it was here, bytes, type]`` for each event.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from octopus.demo.account import Account, open_account
from octopus.demo.errors import EXPECTED, DemoError
from octopus.demo.events import Kind, decode
from octopus.demo.rebuilding import Rebuilder

_WAIT_S = 0.5
_SILENCE_S = 60
"""Without any event, the run is taken to have failed."""

Receipt = tuple[int, int, int, str]


def mirror(account: Account, *, topic: str, folder: Path) -> list[Receipt]:
    """Follow a topic from its beginning to its end-of-run event; returns what came when.

    Raises:
        DemoError: an event does not fit, the brokers refuse, or nothing comes for a minute.
    """
    consumer = Consumer(
        {
            **account.kafka_settings(),
            "group.id": f"{account.namespace}.mirror",
            "enable.auto.commit": False,
            "allow.auto.create.topics": False,
        }
    )
    rebuilder = Rebuilder(folder, staging=folder.with_name(f"{folder.name}.partial"))
    receipts: list[Receipt] = []
    try:
        # Positions are its own business: it always begins with the first record and joins no group.
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        heard = time.monotonic()
        while not rebuilder.ended:
            message = consumer.poll(_WAIT_S)
            now = time.time_ns()
            if message is None:
                if time.monotonic() - heard > _SILENCE_S:
                    raise DemoError(f"Nothing came from {topic} for {_SILENCE_S} s.")
                continue
            error = message.error()
            if error is not None:
                _check(error, topic)
                continue
            heard = time.monotonic()
            event = decode(message.value())
            if event.kind is Kind.RUN_BEGAN:
                sys.stdout.write(json.dumps({"event": "ready"}) + "\n")
                sys.stdout.flush()
            rebuilder.apply(event)
            size = len(message.key() or b"") + len(message.value() or b"")
            receipts.append((event.time_ns, now - event.time_ns, size, event.kind.value))
    except KafkaException as error:
        raise DemoError(f"Kafka: {error.args[0]}") from error
    finally:
        rebuilder.close()
        consumer.close()
    return receipts


def read_receipts(report: Path) -> list[Receipt]:
    """What came when, as a mirror's report says."""
    return [
        (at, latency, size, kind) for at, latency, size, kind in json.loads(report.read_text())["receipts"]
    ]


def _check(error: KafkaError, topic: str) -> None:
    # librdkafka deals with its own errors, such as a broker that is away for a moment.
    if error.fatal() or error.code() >= 0:
        raise DemoError(f"The brokers refuse to give {topic}: {error.str()}")


def main() -> None:
    """Run as a process: ``python -m octopus.demo.mirror``."""
    parser = argparse.ArgumentParser(prog="octopus.demo.mirror", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where to rebuild; it must not exist")
    parser.add_argument("--topic", required=True, help="topic, under the name that Kafka clients use")
    parser.add_argument("--service", required=True, help="address of the web service")
    parser.add_argument("--report", type=Path, required=True, help="file for what came when")
    arguments = parser.parse_args()
    account = open_account(service_url=arguments.service)
    receipts = mirror(account, topic=arguments.topic, folder=arguments.folder)
    arguments.report.write_text(json.dumps({"receipts": receipts}))


if __name__ == "__main__":
    try:
        main()
    except EXPECTED as error:
        sys.exit(f"{type(error).__name__}: {error}")
