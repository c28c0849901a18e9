"""Processor time of processes: CPU-seconds, user and system, of all their threads, native ones too."""

from __future__ import annotations

from collections.abc import Mapping

import psutil


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """What each of these processes and its children, ended ones included, has used since it started, by name.

    Raises:
        psutil.NoSuchProcess: one of them is gone, so that no difference would mean anything.
    """
    return {name: _tree(psutil.Process(pid)) for name, pid in pids.items()}


def _tree(process: psutil.Process) -> float:
    used = _own(process)
    for child in process.children(recursive=True):
        try:
            used += _own(child)
        except psutil.NoSuchProcess:  # ended just now: its parent has its time
            continue
    return used


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
