"""supervisord, which watches the fabric's processes: its configuration, and talking to it."""

from __future__ import annotations

import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus.fabric.errors import FabricError, ProcessFailedError

MARKER = "OCTOPUS_FABRIC"
"""Environment variable that every process of a fabric carries, with the state folder as its value."""

_STOP_SECONDS = 120
"""Above every ``Program.stop_seconds``, after which supervisord kills."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process, as supervisord is to run it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    restart: bool = True
    """Whether supervisord starts it again when it ends."""
    stop_seconds: int = 15
    """From SIGTERM until SIGKILL."""


@dataclass(frozen=True, kw_only=True)
class ProcessState:
    """What supervisord knows of one process."""

    name: str
    state: str
    """``RUNNING``, ``STARTING``, ``STOPPED``, ``EXITED``, ``BACKOFF``, ``FATAL``, ..."""
    pid: int | None
    since: int | None
    """Seconds since the epoch."""
    exit_status: int

    @property
    def up(self) -> bool:
        """Whether the process exists."""
        return self.state in ("RUNNING", "STARTING")


class Supervisor:
    """The supervisord of one state folder."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._configuration = home / "supervisord.conf"
        self._socket = home / "supervisor.sock"
        self._pid_file = home / "supervisord.pid"

    def pid(self) -> int | None:
        """Process id of the living supervisord, or None."""
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            ours = str(self._configuration) in process.cmdline()
        except (OSError, ValueError, psutil.Error):
            return None
        return process.pid if ours and process.status() != psutil.STATUS_ZOMBIE else None

    def start(self, environment: Mapping[str, str]) -> None:
        """Start supervisord with nothing but ``environment``; what is configured stays stopped."""
        (self._home / "log").mkdir(parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        self._write([])
        subprocess.run(  # noqa: S603 - our own interpreter and configuration
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)],
            env=dict(environment),
            cwd=self._home,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        wait_until(self._answers, seconds=10, what="supervisord")

    def shut_down(self) -> None:
        """Stop supervisord and wait until it is gone; its processes were stopped before, in order."""
        pid = self.pid()
        if pid is None:
            return
        process = psutil.Process(pid)
        self._call("shutdown")
        process.wait(timeout=30)

    def configure(self, programs: Sequence[Program]) -> None:
        """Make supervisord know exactly these; a process whose command or environment changed is stopped."""
        self._write(programs)
        ((added, changed, removed),) = self._call("reloadConfig")
        for name in (*changed, *removed):
            self.stop(name)
            self._call("removeProcessGroup", name)
        for name in (*added, *changed):
            self._call("addProcessGroup", name)

    def states(self) -> dict[str, ProcessState]:
        """State of each configured process by name; empty when supervisord is not running."""
        if self.pid() is None:
            return {}
        return {
            info["name"]: ProcessState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"] or None,
                since=info["start"] if info["pid"] else None,
                exit_status=info["exitstatus"],
            )
            for info in self._call("getAllProcessInfo")
        }

    def start_program(self, name: str) -> bool:
        """Start a process unless it runs; returns whether it was started now."""
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == Faults.ALREADY_STARTED:
                return False
            raise ProcessFailedError(f"{name} did not start: {fault.faultString}") from fault
        return True

    def stop(self, *names: str) -> None:
        """Stop processes, all at once, and wait until they are gone."""
        for name in names:
            try:
                self._call("stopProcess", name, False)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode != Faults.NOT_RUNNING:
                    raise FabricError(f"{name} did not stop: {fault.faultString}") from fault

        def gone() -> bool:
            states = self.states()
            return all(states[name].pid is None for name in names if name in states)

        wait_until(gone, seconds=_STOP_SECONDS, what=f"the end of {', '.join(names)}")

    def _call(self, method: str, *arguments: object) -> Any:
        # One connection a call: supervisord closes idle ones, and there are few calls.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://localhost", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()

    def _answers(self) -> bool:
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def _write(self, programs: Sequence[Program]) -> None:
        log = self._home / "log"
        sections = [
            "[unix_http_server]",
            f"file={self._socket}",
            "chmod=0600",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
            "[supervisord]",
            f"logfile={log / 'supervisord.log'}",
            f"pidfile={self._pid_file}",
            f"childlogdir={log}",
            "umask=077",
            "strip_ansi=false",
        ]
        for program in programs:
            sections += [
                f"[program:{program.name}]",
                f"command={' '.join(_quoted(word) for word in program.command)}",
                f"environment={','.join(f'{k}={_quoted(v)}' for k, v in program.environment.items())}",
                f"directory={self._home}",
                "autostart=false",
                f"autorestart={'true' if program.restart else 'false'}",
                "startsecs=1",
                "startretries=5",
                "stopsignal=TERM",
                f"stopwaitsecs={program.stop_seconds}",
                "killasgroup=true",
                f"stdout_logfile={log / f'{program.name}.log'}",
                "stdout_logfile_maxbytes=10MB",
                "stdout_logfile_backups=3",
                "redirect_stderr=true",
            ]
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("\n".join(sections) + "\n")


def wait_until(
    condition: Any, *, seconds: float, what: str, failed: Any = None, interval: float = 0.1
) -> float:
    """Wait for ``condition()``; returns the seconds that it took.

    Args:
        failed: called between tries; returns a sentence when waiting is useless, else None.

    Raises:
        ProcessFailedError: it did not come true in time, or ``failed`` said why it never will.
    """
    started = time.monotonic()

    def attempt() -> bool:
        reason = failed() if failed is not None else None
        if reason is not None:
            raise ProcessFailedError(reason)
        return bool(condition())

    retrying = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(interval),
        retry=retry_if_result(lambda done: not done),
        retry_error_callback=lambda _state: False,
    )
    if not retrying(attempt):
        raise ProcessFailedError(f"{what} was not ready within {seconds:.0f} s")
    return time.monotonic() - started


def _quoted(word: str) -> str:
    # supervisord's own parser knows no escapes between quotes, and finds comments there too.
    if any(character in word for character in "\"'\\;#\n"):
        raise FabricError(f"A path or setting may not hold any of \" ' \\ ; # or a line end: {word!r}")
    return '"' + word.replace("%", "%%") + '"'
