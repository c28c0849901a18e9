"""Kafka's own ``kafka-producer-perf-test``, one process a round.

Task: ``topic``, ``count``, ``record_bytes``, ``settings`` of Java's producer, ``class_path`` and the
principal's ``key``. Its rate is the tool's own word, so that the start of a Java machine does not count; its
processor time counts whole.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from load_tests.clients.rounds import Round, Task, serve
from load_tests.errors import BenchmarkError

_SECONDS = 55
_LAST_LINE = re.compile(r"^(?P<count>\d+) records sent, (?P<rate>[\d.]+) records/sec .*99th", re.MULTILINE)


def prepare(task: Task) -> Round:
    """Each round sends ``count`` events."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": task["key"]["access_key"],
        "AWS_SECRET_ACCESS_KEY": task["key"]["secret_key"],
        "AWS_REGION": "us-east-1",
    }

    def take() -> Mapping[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            properties = Path(folder) / "producer.properties"
            given = {**task["settings"], "acks": "all"}
            properties.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
            command = [
                *("java", "-Xmx512m", "-XX:-UsePerfData", f"-Djava.io.tmpdir={folder}"),
                *("-cp", task["class_path"], "org.apache.kafka.tools.ProducerPerformance"),
                *("--topic", task["topic"], "--num-records", str(task["count"])),
                *("--record-size", str(task["record_bytes"]), "--throughput", "-1"),
                *("--producer.config", str(properties)),
            ]
            before = _children()
            done = subprocess.run(  # noqa: S603 - our own command
                command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        last = _LAST_LINE.search(done.stdout)
        if done.returncode != 0 or last is None or int(last["count"]) != task["count"]:
            raise BenchmarkError(f"kafka-producer-perf-test failed:\n{done.stdout}{done.stderr}")
        return {"seconds": task["count"] / float(last["rate"]), "cpu_seconds": _children() - before}

    return take


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    serve(prepare)
