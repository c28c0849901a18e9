"""What a quiet tenant feels of one at full speed, with quotas and without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from load_tests.clients.noise import FIGURES
from load_tests.fabric import RunningFabric
from load_tests.legs import BROKER, Leg, Numbers, Scenario
from octopus.fabric.processes import JUDGE

_LEAD_S = 5
"""The quotas' burst is over by then: Kafka holds to a mean over some seconds."""


def noisy_tenant(
    *,
    port: int,
    ca_file: Path,
    inner: dict[str, Any],
    quiet: dict[str, str],
    noisy: dict[str, str],
    topic: str,
    noisy_namespace: str,
    numbers: Numbers,
    against: str,
) -> Scenario:
    """A quiet producer's latency beside a noisy tenant that quotas hold, against its own without either.

    Args:
        port: of the listener for clients.
        inner: librdkafka's settings of one of the cluster's own.
        quiet: key of one tenant.
        noisy: key of the other.
        topic: the quiet tenant's, by its full name.
        against: ``alone``, or ``no quotas``.
    """
    seconds = numbers["count"] // numbers["per_second"]
    connected = {"bootstrap_servers": f"127.0.0.1:{port}", "ca_file": str(ca_file)}
    task: dict[str, Any] = {
        **connected,
        "topic": topic,
        "count": numbers["count"],
        "per_second": numbers["per_second"],
        "record_bytes": numbers["record_bytes"],
        "key": quiet,
    }
    noise = {
        **connected,
        "namespace": noisy_namespace,
        "seconds": seconds + _LEAD_S + 1,
        "record_bytes": numbers["record_bytes"],
        "key": noisy,
        "inner": inner,
    }

    def leg(name: str, noise: dict[str, Any] | None) -> Leg:
        beside = {"client": "noise", "figures": FIGURES, "lead_s": _LEAD_S, "task": noise}
        return Leg(name=name, client="latency", task={**task, "beside": beside})

    control = None if against == "alone" else {**noise, "quotas": None}
    return Scenario(
        title=f"Produce beside a tenant at full speed, held by quotas, against {against}",
        unit="events",
        servers=(BROKER, JUDGE),
        measured=leg("quotas", {**noise, "quotas": numbers["quotas"]}),
        control=leg(against, control),
    )


def _noisy_tenant(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    noisy_namespace, noisy = fabric.another_tenant("noisy")
    against = numbers["against"]
    return noisy_tenant(
        port=fabric.node.client_port,
        ca_file=fabric.ca_file,
        inner=fabric.node.inner,
        quiet=fabric.key,
        noisy=noisy,
        topic=fabric.create_topic(f"beside-noise-{against.replace(' ', '-')}"),
        noisy_namespace=noisy_namespace,
        numbers=numbers,
        against=against,
    )


SCENARIOS = {"noisy_tenant": _noisy_tenant, "noisy_tenant_unheld": _noisy_tenant}
