"""The ``octopus`` command, each time in a process of its own that need not read its libraries again.

They are most of what a command costs, half a second of a processor, and tests give hundreds of commands. So
one process reads them, and becomes each command by a fork. The installed script itself is started for the
README's examples, logins, ``up`` and ``down``, and in `tests/integration/connect`.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parents[1]
OCTOPUS = ROOT / ".venv" / "bin" / "octopus"
_LIBRARIES = (
    "boto3",
    "confluent_kafka.admin",
    "cryptography.x509",
    "globus_sdk.globus_app",
    "jwt",
    "octopus.cli",
    "starlette.requests",
)
"""Other people's that commands import late, and what the script itself imports."""
_FILES = ("stdin", "stdout", "stderr")


class Commands:
    """Runs commands, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._turn = threading.Lock()

    def run(
        self, *arguments: str, environment: Mapping[str, str], answer: str = "", seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """How a command ended, and what it printed.

        Args:
            environment: all that it knows of its surroundings.
            answer: what is typed.

        Raises:
            subprocess.TimeoutExpired: it took longer; it was killed.
        """
        with self._turn, tempfile.TemporaryDirectory(prefix="o-") as folder:
            files = {name: str(Path(folder) / name) for name in _FILES}
            Path(files["stdin"]).write_text(answer)
            asked = {"arguments": arguments, "environment": dict(environment), "files": files}
            requests, replies = self._process.stdin, self._process.stdout
            assert requests is not None
            assert replies is not None
            requests.write(json.dumps(asked) + "\n")
            requests.flush()
            pid = int(replies.readline())
            killed = threading.Event()

            def kill() -> None:
                killed.set()
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

            patience = threading.Timer(seconds, kill)
            patience.start()
            try:
                status = int(replies.readline())
            finally:
                patience.cancel()
                patience.join()
            printed, said = (Path(files[name]).read_text() for name in ("stdout", "stderr"))
        if killed.is_set():
            raise subprocess.TimeoutExpired(["octopus", *arguments], seconds, printed, said)
        return subprocess.CompletedProcess(["octopus", *arguments], status, printed, said)


@contextmanager
def ready_commands() -> Iterator[Commands]:
    """Commands, as long as the block lasts."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.commands"],
        cwd=ROOT,
        env=plain,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:  # which closes what it is asked by, and so ends it
        yield Commands(process)


def _serve(requests: IO[str], replies: IO[str]) -> None:
    for library in _LIBRARIES:
        importlib.import_module(library)
    gc.freeze()
    for line in requests:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
        print(child, file=replies, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=replies, flush=True)


def _become(*, arguments: list[str], environment: dict[str, str], files: dict[str, str]) -> NoReturn:
    status = 1
    try:
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None
        for descriptor, name in enumerate(_FILES):
            opened = os.open(files[name], os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT)
            os.dup2(opened, descriptor)
            os.close(opened)
            setattr(sys, name, open(descriptor, "r" if descriptor == 0 else "w", closefd=False))  # noqa: SIM115
        sys.argv = ["octopus", *arguments]
        sys.modules["__main__"].__package__ = ""  # or its help would call it a module of the tests
        from octopus.cli import main

        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    # Neither is a command's to use.
    with os.fdopen(os.dup(0)) as _requests, os.fdopen(os.dup(1), "w") as _replies:
        _serve(_requests, _replies)
