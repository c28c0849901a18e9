"""What a quiet tenant feels of one at full speed, with quotas and without them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from load_tests.clients.noise import FIGURES
from load_tests.fabric import RunningFabric
from load_tests.legs import BROKER, Leg, Numbers, Scenario
from octopus.fabric.processes import JUDGE

_LEAD_S = 5
"""The quotas' burst is over by then: Kafka holds to a mean over some seconds."""


@dataclass(frozen=True)
class Tenant:
    """Who makes noise."""

    namespace: str
    key: dict[str, str] = field(repr=False)


def noisy_tenant(
    *,
    port: int,
    ca_file: Path,
    inner: dict[str, Any],
    quiet: dict[str, str],
    topic: str,
    noisy: Tenant,
    unheld: Tenant,
    numbers: Numbers,
    against: str,
) -> Scenario:
    """A quiet producer's latency beside a noisy tenant that quotas hold, against its own without either.

    Args:
        port: of the listener for clients.
        inner: librdkafka's settings of one of the cluster's own.
        quiet: key of the quiet tenant.
        topic: its topic, by its full name.
        noisy: who makes the noise that quotas hold.
        unheld: who makes it without quotas; brokers would hold it against `noisy` in the next round, since
            they count over some seconds.
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

    def noise(tenant: Tenant, quotas: dict[str, int] | None) -> dict[str, Any]:
        return {
            **connected,
            "namespace": tenant.namespace,
            "seconds": seconds + _LEAD_S + 1,
            "record_bytes": numbers["record_bytes"],
            "key": tenant.key,
            "inner": inner,
            "quotas": quotas,
        }

    def leg(name: str, noise: dict[str, Any] | None) -> Leg:
        beside = {"client": "noise", "figures": FIGURES, "lead_s": _LEAD_S, "task": noise}
        return Leg(name=name, client="latency", task={**task, "beside": beside})

    return Scenario(
        title=f"Produce beside a tenant at full speed, held by quotas, against {against}",
        unit="events",
        servers=(BROKER, JUDGE),
        measured=leg("quotas", noise(noisy, numbers["quotas"])),
        control=leg(against, None if against == "alone" else noise(unheld, None)),
    )


def _noisy_tenant(fabric: RunningFabric, numbers: Numbers) -> Scenario:
    against = numbers["against"]
    return noisy_tenant(
        port=fabric.node.client_port,
        ca_file=fabric.ca_file,
        inner=fabric.node.inner,
        quiet=fabric.key,
        topic=fabric.create_topic(f"beside-noise-{against.replace(' ', '-')}"),
        noisy=Tenant(*fabric.another_tenant("noisy")),
        unheld=Tenant(*fabric.another_tenant("unheld")),
        numbers=numbers,
        against=against,
    )


SCENARIOS = {"noisy_tenant": _noisy_tenant, "noisy_tenant_unheld": _noisy_tenant}
