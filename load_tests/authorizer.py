"""What the plugin itself costs the broker: a decision, a listing, and the gate in each connection's TLS.

Measured in a Java machine of its own, without a broker: ``python -m load_tests.authorizer``.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from load_tests.errors import BenchmarkError
from octopus.fabric.settings import project_root

_SECONDS = 300
_RESULT = Path(__file__).parent / "results" / "authorizer.md"
_TABLE = """\
# The plugin's own cost, {date}

Medians of processor time, {cores} cores, load average {load}.

| what | cost |
|---|---:|
| a decision that allows, its audit line counted | {allowed_ns:,.0f} ns |
| a decision that denies | {denied_ns:,.0f} ns |
| a request of a principal whose policy is not held and not to be had | {policy_absent_ns:,.0f} ns |
| Metadata that lists 2,000 topics | {metadata_2000_us:,.0f} us |
| TLS: 16 KB encrypted, without the gate | {plain_ns:,.0f} ns |
| TLS: 16 KB encrypted, with it | {gated_ns:,.0f} ns, {ratio:.2f} of that |
"""


def main() -> int:
    """Measure, print the table and write it; returns the exit status."""
    figures = {**_run("AuthorizerCost"), **_run("GateCost")}
    table = _TABLE.format(
        date=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        cores=os.cpu_count(),
        load=f"{os.getloadavg()[0]:.1f}",
        ratio=figures["gated_ns"] / figures["plain_ns"],
        **figures,
    )
    sys.stdout.write(table)
    _RESULT.write_text(table)
    return 0


def _run(name: str) -> dict[str, float]:
    broker = project_root() / "service_src" / "broker"
    places = ("classes", "test-classes", "kafka/libs/*")
    with tempfile.TemporaryDirectory(dir=project_root() / ".cache") as folder:
        done = subprocess.run(  # noqa: S603 - our own command
            [
                *("java", "-Xmx512m", "-XX:-UsePerfData", f"-Djava.io.tmpdir={folder}"),
                f"-Dlog4j2.configurationFile={broker / 'src/test/resources/log4j2-test.properties'}",
                *("-cp", ":".join(str(broker / "target" / place) for place in places)),
                f"org.octopus.broker.{name}",
            ],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode != 0:
        raise BenchmarkError(f"{name} failed:\n{done.stdout}{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
