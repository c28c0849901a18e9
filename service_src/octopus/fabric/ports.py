"""Which process holds a port, and which processes an earlier run of this fabric left behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from octopus.fabric.errors import PortTakenError
from octopus.fabric.supervision import MARKER


def check_free(ports: Iterable[tuple[str, int, str]]) -> None:
    """Make sure that nobody listens on any of these.

    Args:
        ports: what of ours wants the port, the port, and the variable that sets it.

    Raises:
        PortTakenError: names each port, the process that holds it and the way out.
    """
    listeners = {
        connection.laddr.port: connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }
    taken = [
        f"Port {port} ({name}) is held by {_describe(listeners[port])}. "
        f"Stop that process, or choose another port with {variable}."
        for name, port, variable in ports
        if port in listeners
    ]
    if taken:
        raise PortTakenError("\n".join(taken))


def orphans(home: Path, *, under: int | None) -> list[psutil.Process]:
    """Processes of this fabric that no living supervisord watches.

    Args:
        home: the fabric's state folder, which every process of it carries in its environment.
        under: process id of the living supervisord, whose children are no orphans.
    """
    watched: Collection[int] = set()
    if under is not None:
        supervisord = psutil.Process(under)
        watched = {under, *(child.pid for child in supervisord.children(recursive=True))}
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(home) and process.pid not in watched:
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(*processes: psutil.Process, seconds: float) -> bool:
    """End processes, all at once, by SIGTERM, by SIGKILL after ``seconds``.

    Returns:
        Whether there were any, and SIGTERM was enough for each.
    """
    told = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            told.append(process)
    _, deaf = psutil.wait_procs(told, timeout=seconds)
    for process in deaf:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(deaf, timeout=5)
    return bool(told) and len(told) == len(processes) and not deaf


def _describe(pid: int | None) -> str:
    if pid is None:
        return "a process that this user may not see"
    try:
        process = psutil.Process(pid)
        command = " ".join(process.cmdline())
        return f"{process.name()} (process {pid}: {command[:120]})"
    except psutil.Error:
        return f"process {pid}"
