"""What ends a run of the benchmarks."""

from __future__ import annotations


class BenchmarkError(Exception):
    """The run has no figures to show: something did not start, did not answer or answered wrongly."""
