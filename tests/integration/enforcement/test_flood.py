"""Whoever floods the broker with bad tokens takes little from those who are connected."""

from __future__ import annotations

import tomllib

import pytest

from load_tests import report
from load_tests.flood_scenarios import bad_tokens
from load_tests.legs import BROKER
from load_tests.measuring import measure
from load_tests.scenarios import NUMBERS
from octopus.fabric.processes import JUDGE
from tests.integration.enforcement.fabric import Fabric


@pytest.mark.long
def test_five_hundred_bad_tokens_a_second_leave_a_tenant_twice_its_latency_at_most(fabric: Fabric) -> None:
    person = fabric.person("events")
    numbers = tomllib.loads(NUMBERS.read_text())
    scenario = bad_tokens(
        port=int(fabric.node.bootstrap_servers.rpartition(":")[2]),
        ca_file=fabric.node.ca_file,
        key={"access_key": str(person.key.access_key), "secret_key": str(person.key.secret_key)},
        topic=f"{person.namespace}.events",
        numbers=numbers["bad_tokens"],
    )
    pids = {BROKER: fabric.node.process.pid, JUDGE: fabric.judge_pid}
    measured = measure(scenario, pids=pids, run=numbers["run"] | numbers["bad_tokens"]["run"])
    print(report.table("bad_tokens", measured, numbers["bad_tokens"]["expected"]))  # noqa: T201 - the figure
    # Without that many there was no flood, and nothing is shown.
    assert (
        measured.compared["bad tokens offered/s"].measured >= 0.9 * numbers["bad_tokens"]["tokens_per_second"]
    )
    compared = measured.compared["p99 ms"]
    assert compared.ratio is not None
    assert compared.ratio.median <= numbers["bad_tokens"]["expected"]["p99 ms"]["at_most"]
