"""Records carried to another topic and into files, by the command, with a real broker."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Producer

from octopus.copying.snapshot import Record, Snapshot
from octopus.kafka.client import client_settings
from tests.commands import Commands
from tests.integration.broker.node import Node
from tests.integration.globus.process import StandIn
from tests.integration.service.replica import Replica
from tests.patience import PATIENCE_S

RECORDS = 60
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def octopus(
    globus: StandIn,
    replicas: list[Replica],
    broker: Node,
    commands: Commands,
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    """The command, in a shell of somebody new."""
    who = globus.identity(f"p{uuid.uuid4().hex[:10]}")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
        "DIASPORA_SDK_CLIENT_ID": who.id,
        "DIASPORA_SDK_CLIENT_SECRET": who.secret,
        "OCTOPUS_HOME": str(tmp_path_factory.mktemp("copying")),
        "OCTOPUS_SERVICE_PORT": str(replicas[0].port),
        "OCTOPUS_GLOBUS_PORT": str(globus.port),
        "OCTOPUS_KAFKA_CA_FILE": str(broker.ca_file),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return commands.run(*arguments, environment=environment, seconds=PATIENCE_S)

    return run


@pytest.fixture(scope="module")
def told(octopus: Command) -> Callable[..., dict[str, Any]]:
    """What a command that must succeed prints as JSON."""

    def run(*arguments: str) -> dict[str, Any]:
        done = octopus(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return run


@pytest.fixture(scope="module")
def kafka(told: Callable[..., dict[str, Any]], broker: Node) -> dict[str, Any]:
    """Settings of a client of his; the topic ``source`` holds records of every shape."""
    told("topic", "create", "source", "--partitions", "3")
    key = told("key", "create")
    settings = client_settings(
        bootstrap_servers=broker.bootstrap_servers,
        ca_file=broker.ca_file,
        credentials=Credentials(key["access_key"], key["secret_key"]),
    )
    (namespace,) = told("topic", "list")["namespaces"]
    producer = Producer({**settings, "enable.idempotence": True})
    for number in range(RECORDS):
        producer.produce(
            f"{namespace}.source",
            key=None if number % 3 else f"key {number}".encode(),
            value=None if number % 5 == 0 else bytes([number, 0, 255]),
            headers=[("a", b"1"), ("a", None)] if number % 2 else [],
            timestamp=1_700_000_000_000 + number,
            partition=number % 2,  # the third partition stays empty
        )
    assert producer.flush(PATIENCE_S) == 0
    return {"namespace": namespace, "settings": settings}


def read(kafka: dict[str, Any], topic: str) -> list[Record]:
    name = f"{kafka['namespace']}.{topic}"
    with Snapshot(kafka["settings"], name, group=f"{kafka['namespace']}.tests") as snapshot:
        return sorted(snapshot.records(), key=lambda record: (record.partition, record.offset))


def test_copy_keeps_all_but_the_offsets_and_is_not_made_twice(
    octopus: Command, told: Callable[..., dict[str, Any]], kafka: dict[str, Any]
) -> None:
    told("topic", "create", "narrow", "--partitions", "2")
    narrow = octopus("topic", "copy", "source", "narrow")
    told("topic", "create", "copied", "--partitions", "3")

    copied = told("topic", "copy", "source", "copied")
    again = octopus("topic", "copy", "source", f"{kafka['namespace']}.copied")

    assert copied == {
        "status": "success",
        "records": RECORDS,
        "partitions": {"0": RECORDS // 2, "1": RECORDS // 2},
    }
    assert read(kafka, "copied") == read(kafka, "source")
    assert "at least the source's 3 partitions" in narrow.stderr
    assert again.returncode == 1
    assert "a topic without records, unless you append" in again.stderr
    assert told("topic", "copy", "source", "copied", "--append")["records"] == RECORDS
    assert len(read(kafka, "copied")) == 2 * RECORDS


def test_topic_that_is_not_there_is_named(octopus: Command, kafka: dict[str, Any]) -> None:
    absent = octopus("topic", "copy", "source", "absent")

    assert absent.returncode == 1
    assert f"Topic {kafka['namespace']}.absent does not exist" in absent.stderr


def test_export_writes_each_record_once_and_resumes_by_topic(
    octopus: Command, told: Callable[..., dict[str, Any]], kafka: dict[str, Any], tmp_path: Path
) -> None:
    namespace, folder = kafka["namespace"], tmp_path / "export"
    told("topic", "create", "empty", "--description", "Nothing yet")

    written = told("project", "export", namespace, str(folder))
    again = octopus("project", "export", namespace, str(folder))
    (folder / f"{namespace}.empty.jsonl").unlink()
    resumed = told("project", "export", namespace, str(folder), "--resume")

    assert written["records"][f"{namespace}.empty"] == 0
    assert written["records"][f"{namespace}.source"] == RECORDS
    assert again.returncode == 1
    assert "unless you resume" in again.stderr
    assert resumed["records"] == {f"{namespace}.empty": 0}
    assert f"{namespace}.source" in resumed["left_out"]
    lines = (folder / f"{namespace}.source.jsonl").read_text().splitlines()
    rows = sorted((json.loads(line) for line in lines), key=lambda row: (row["partition"], row["offset"]))
    assert rows[1] == {
        "partition": 0,
        "offset": 1,
        "timestamp": 1_700_000_000_002,
        "timestamp_type": "CreateTime",
        "key": None,
        "value": b64encode(bytes([2, 0, 255])).decode(),
        "headers": [],
    }
    assert [row["timestamp"] for row in rows] == [one.timestamp_ms for one in read(kafka, "source")]
    described = json.loads((folder / f"{namespace}.topics.json").read_text())
    assert ("empty", "Nothing yet") in {
        (one["name"].partition(".")[2], one["about"]["description"]) for one in described
    }
