"""Runs the benchmarks on a fabric of their own: all, or those that are named."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import tomllib

from rich.console import Console

from load_tests import report
from load_tests.errors import BenchmarkError
from load_tests.fabric import running_fabric
from load_tests.measuring import Measurement, measure
from load_tests.scenarios import NUMBERS, SCENARIOS


def main() -> int:
    """Run, print the tables, and write results when all scenarios ran; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    chosen = parser.parse_args().scenarios or list(SCENARIOS)
    if unknown := set(chosen) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    numbers = tomllib.loads(NUMBERS.read_text())
    # So that the fabric is brought down then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    progress = Console(stderr=True, highlight=False)
    began = time.monotonic()

    measurements: dict[str, Measurement] = {}
    try:
        progress.print("Starting a fabric for the benchmarks")
        with running_fabric() as fabric:
            for name in chosen:
                progress.print(f"{time.monotonic() - began:4.0f} s  {name}")
                scenario = SCENARIOS[name](fabric, numbers[name])
                measurements[name] = measure(
                    scenario, pids=fabric.pids, run=numbers["run"] | numbers[name].get("run", {})
                )
                tables = report.table(name, measurements[name], numbers[name]["expected"])
                sys.stdout.write(f"{tables}\n")
                sys.stdout.flush()
    except BenchmarkError as error:
        progress.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        progress.print("Stopped; nothing was written")
        return 128 + signal.SIGINT
    progress.print(f"{time.monotonic() - began:4.0f} s  done")
    if len(measurements) == len(SCENARIOS):
        progress.print(f"Results: {report.write(measurements, numbers)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
