"""One version of the fabric: a folder with its sources and environments, and its commands."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port_below, free_ports
from tests.rehearsal.errors import RehearsalError

ROOT = Path(__file__).parents[2]
_PORTS = ("AWS", "GLOBUS", "JUDGE", "KAFKA_INNER", "KAFKA_CONTROLLER", "SERVICE")
_METRICS_PORTS = ("SERVICE_METRICS", "JUDGE_METRICS", "HEARTBEAT_METRICS", "BROKER_METRICS")
_KEPT = ("HOME", "JAVA_HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
_OF_OTHERS = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "OCTOPUS_HOME", "VIRTUAL_ENV")
_COMMAND_SECONDS = 1200


@dataclass(frozen=True)
class State:
    """A fabric's folder and ports, which one version after the other has."""

    home: Path
    ports: Mapping[str, int]
    """By the middle of the variable's name: ``KAFKA`` of ``OCTOPUS_KAFKA_PORT``."""

    @staticmethod
    def empty(home: Path) -> State:
        """Return a new one, with ports that nobody has."""
        names = (*_PORTS, *_METRICS_PORTS)
        return State(
            home,
            {
                "KAFKA": free_port_below(others=0, apart=1),
                **dict(zip(names, free_ports(len(names)), strict=True)),
            },
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a command of any version is told."""
        ports = {f"OCTOPUS_{name}_PORT": str(port) for name, port in self.ports.items()}
        return {"OCTOPUS_HOME": str(self.home), **ports}


@dataclass(frozen=True)
class Tree:
    """A version, installed."""

    version: str
    root: Path
    state: State = field(repr=False)

    def octopus(self, *arguments: str) -> Any:
        """Run its command with ``--json`` and return what it printed.

        Raises:
            RehearsalError: it failed.
        """
        done = subprocess.run(
            [self.root / ".venv" / "bin" / "octopus", *arguments, "--json"],
            env={
                **{name: os.environ[name] for name in _KEPT if name in os.environ},
                "OCTOPUS_CACHE": str(cache()),
                **self.state.environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise RehearsalError(
                f"octopus {' '.join(arguments)} of {self.version} failed: {done.stdout}{done.stderr}"
            )
        return json.loads(done.stdout)

    def timed(self, command: str) -> float:
        """Run a command and return the seconds that it took."""
        began = time.monotonic()
        self.octopus(command)
        return time.monotonic() - began


def cache() -> Path:
    """Return the folder of downloads, which all versions share."""
    return Path(os.environ.get("OCTOPUS_CACHE", ROOT / ".cache"))


def installed(commit: str, folder: Path) -> Path:
    """Return the sources of a commit with their environments; what is there already is kept.

    Raises:
        RehearsalError: this clone does not have the commit, or it cannot be installed.
    """
    root = folder / commit[:12]
    if not root.is_dir():
        _unpack(commit, root)
    done = subprocess.run(
        ["make", "--no-print-directory", "setup"],
        cwd=root,
        env={
            **{name: value for name, value in os.environ.items() if name not in _OF_OTHERS},
            "OCTOPUS_CACHE": str(cache()),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RehearsalError(f"make setup in {root} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return root


def _unpack(commit: str, root: Path) -> None:
    here = subprocess.run(
        ["git", "cat-file", "-e", f"{commit}^{{commit}}"], cwd=ROOT, capture_output=True, check=False
    )
    if here.returncode != 0:
        raise RehearsalError(
            f"This clone does not have commit {commit[:12]}, as a shallow one may not: git fetch --unshallow"
            " --tags brings it."
        )
    # Under its name only when it is whole.
    partial = root.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", partial], input=archive.stdout, check=True)
    partial.rename(root)
