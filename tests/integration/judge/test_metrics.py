"""That the judge counts each of its metrics, by what brokers ask it and what it asks."""

from __future__ import annotations

import uuid
from pathlib import Path

from octopus.metrics.catalogue import catalogue
from tests.embedded_format import metrics_of
from tests.integration.judge.conftest import running_judge
from tests.integration.judge.gate import Gate
from tests.integration.judge.institution import Institution, Tenant
from tests.integration.judge.plugin import wait_until
from tests.ports import free_port
from tests.shown_metrics import scraped


def test_everything_that_the_judge_counts_is_counted_by_what_it_does(
    institution: Institution, gate: Gate, tmp_path: Path
) -> None:
    tenant, port, log = institution.tenant(["ns-aaaaaaaaaaaa"]), free_port(), tmp_path / "log"
    shown = {"OCTOPUS_METRICS_PORT": str(port), "OCTOPUS_METRICS_LOG": "true", "OCTOPUS_LOG_LEVEL": "error"}
    with running_judge(institution, gate.endpoint, log, told=shown) as judge:
        assert judge.verify(tenant.token())["outcome"] == "allow"
        unknown = Tenant(str(uuid.uuid4()), "AKIA0000000000000000", "x")
        assert judge.verify(unknown.token())["outcome"] == "deny"
        assert scraped(port)["SourcesAway"] == 0
        gate.close()
        wait_until(lambda: scraped(port)["SourcesAway"] > 0)
        counted = scraped(port)

    # The plugin asks again when the judge had no time to read.
    assert counted["Verifications"] >= 2
    assert counted["VerificationSeconds"] == counted["Verifications"]
    assert counted["VerificationsRefused"] == 1
    assert counted["PrincipalsHeld"] == 1
    listed = {name for name, metric in catalogue().items() if metric.component == "judge"}
    assert counted.keys() == listed

    # The log's level keeps no metric back, and the last line has the rest.
    lines = [line for line in log.read_text().splitlines() if '"_aws"' in line]
    said = [metrics_of(line, namespace="Octopus/test") for line in lines]
    assert {name for each in said for name in each} == listed
    for name in ("Verifications", "VerificationsRefused"):
        assert sum(float(str(each.get(name, 0))) for each in said) == counted[name]
    assert not [line for line in lines if tenant.subject in line or tenant.access_key_id in line]
