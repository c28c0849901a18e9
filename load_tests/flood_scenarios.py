"""What a connected tenant feels of somebody else's bad tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from load_tests.clients.flood import FIGURES
from load_tests.fabric import RunningFabric
from load_tests.legs import BROKER, Leg, Numbers, Scenario
from octopus.fabric.processes import JUDGE


def bad_tokens(*, port: int, ca_file: Path, key: dict[str, str], topic: str, numbers: Numbers) -> Scenario:
    """One producer's latency while bad tokens come, against its own without them."""
    task: dict[str, Any] = {
        "topic": topic,
        "count": numbers["count"],
        "per_second": numbers["per_second"],
        "record_bytes": numbers["record_bytes"],
        "bootstrap_servers": f"127.0.0.1:{port}",
        "ca_file": str(ca_file),
        "key": key,
    }
    flood = {
        "host": "127.0.0.1",
        "port": port,
        "access_key_id": key["access_key"],
        "per_second": numbers["tokens_per_second"],
        "seconds": numbers["count"] // numbers["per_second"],
    }
    beside = {"client": "flood", "figures": FIGURES, "lead_s": 0}
    return Scenario(
        title=f"Produce while {numbers['tokens_per_second']} bad tokens a second come",
        unit="events",
        servers=(BROKER, JUDGE),
        measured=Leg(name="with them", client="latency", task={**task, "beside": {**beside, "task": flood}}),
        control=Leg(name="alone", client="latency", task={**task, "beside": {**beside, "task": None}}),
    )


def _bad_tokens(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    return bad_tokens(
        port=fabric.node.client_port,
        ca_file=fabric.ca_file,
        key=fabric.key,
        topic=fabric.create_topic("flooded"),
        numbers=numbers,
    )


SCENARIOS = {"bad_tokens": _bad_tokens}
