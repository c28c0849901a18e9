"""What is compared with what: each scenario is a measured leg and its control."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from load_tests import flood_scenarios, kafka_scenarios, noise_scenarios
from load_tests.fabric import RunningFabric
from load_tests.legs import Leg, Numbers, Scenario
from load_tests.signing import sign
from octopus.fabric.processes import EMULATOR, JUDGE, SERVICE

NUMBERS = Path(__file__).parent / "scenarios.toml"
"""How much of each scenario, and what is expected of it."""


def _service(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    live = {"path": "/health/live", "expected": "", "headers": {}}
    return Scenario(
        title="Web service",
        unit="requests",
        servers=(SERVICE, EMULATOR),
        measured=_get(fabric.settings.service_port, "GET namespace", numbers, _namespace(fabric)),
        control=_get(fabric.settings.service_port, "GET /health/live", numbers, live),
    )


def _gateway(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    direct = _namespace(fabric)
    through = {**direct, "path": f"{fabric.gateway_path}{direct['path']}"}
    return Scenario(
        title="Emulated gateway",
        unit="requests",
        servers=(SERVICE, EMULATOR),
        measured=_get(fabric.settings.aws_port, "GET namespace through it", numbers, through),
        control=_get(fabric.settings.service_port, "GET namespace directly", numbers, direct),
    )


def _namespace(fabric: RunningFabric) -> dict[str, Any]:
    return {
        "path": "/api/v3/namespace",
        "expected": fabric.namespace,
        "headers": {"Authorization": fabric.session.authorization, "Subject": fabric.session.subject},
    }


def _judge(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    verify = {
        "method": "POST",
        "path": "/verify",
        "headers": {"Authorization": f"Bearer {fabric.secret('judge')}"},
        "body": json.dumps({"mechanism": "OAUTHBEARER", "token": sign(fabric.key)}),
        "expected": '"outcome":"allow"',
    }
    health = {"path": "/health", "expected": "ok", "headers": {}}
    return Scenario(
        title="Judge",
        unit="requests",
        servers=(JUDGE,),
        measured=_get(fabric.settings.judge_port, "POST /verify, warm", numbers, verify),
        control=_get(fabric.settings.judge_port, "GET /health", numbers, health),
    )


def _get(port: int, name: str, numbers: Numbers, request: dict[str, Any]) -> Leg:
    task = {"host": "127.0.0.1", "port": port, "method": "GET", "body": "", **request}
    sizes = {"count": numbers["count"], "connections": numbers["connections"]}
    return Leg(name=name, client="http", task={**task, **sizes})


SCENARIOS: dict[str, Callable[[RunningFabric, Numbers], Scenario]] = {
    **kafka_scenarios.SCENARIOS,
    **flood_scenarios.SCENARIOS,
    **noise_scenarios.SCENARIOS,
    "service": _service,
    "gateway": _gateway,
    "judge": _judge,
}
"""By their names in ``scenarios.toml``. Each prepares what it needs on a running fabric."""
