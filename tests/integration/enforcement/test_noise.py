"""A tenant at full speed takes little from a quiet one, because quotas hold it."""

from __future__ import annotations

import tomllib

import pytest

from load_tests import report
from load_tests.legs import BROKER
from load_tests.measuring import measure
from load_tests.noise_scenarios import Tenant, noisy_tenant
from load_tests.scenarios import NUMBERS
from octopus.fabric.processes import JUDGE
from tests.integration.enforcement.fabric import Fabric, Principal


def key_of(person: Principal) -> dict[str, str]:
    return {"access_key": str(person.key.access_key), "secret_key": str(person.key.secret_key)}


def tenant(person: Principal) -> Tenant:
    return Tenant(person.namespace, key_of(person))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["noisy_tenant", "noisy_tenant_unheld"])
def test_noisy_tenant_takes_no_more_from_a_quiet_one_than_promised(fabric: Fabric, name: str) -> None:
    quiet = fabric.person("events")
    numbers = tomllib.loads(NUMBERS.read_text())
    scenario = noisy_tenant(
        port=int(fabric.node.bootstrap_servers.rpartition(":")[2]),
        ca_file=fabric.node.ca_file,
        inner=fabric.node.inner,
        quiet=key_of(quiet),
        topic=f"{quiet.namespace}.events",
        noisy=tenant(fabric.person()),
        unheld=tenant(fabric.person()),
        numbers=numbers[name],
        against=numbers[name]["against"],
    )
    pids = {BROKER: fabric.node.process.pid, JUDGE: fabric.judge_pid}
    measured = measure(scenario, pids=pids, run=numbers["run"] | numbers[name]["run"])
    print(report.table(name, measured, numbers[name]["expected"]))  # noqa: T201 - the figure
    held_up = [figures["noisy throttled ms/s"] for figures in measured.measured]
    assert min(held_up) > 0
    assert all(figures["throttled ms"] == 0 for figures in (*measured.measured, *measured.control))
    compared = measured.compared["p99 ms"]
    assert compared.ratio is not None
    assert compared.ratio.median <= numbers[name]["expected"]["p99 ms"]["at_most"]
