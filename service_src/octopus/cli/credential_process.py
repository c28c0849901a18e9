"""AWS's ``credential_process``: a command that every AWS-aware client runs when it needs another session."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

FLAG = "--credential-process"


def command(arguments: Sequence[str] = (), *, as_name: str | None = None) -> str:
    """The command line that opens a session like this one, for the AWS configuration file.

    It names every file in full, since AWS's tools run it without this shell's path and variables.

    Args:
        arguments: of ``octopus key session``; none for everything that the caller may use.
        as_name: identity of the stand-in to act as; None for whoever is logged in.
    """
    words = [str(Path(sys.executable).parent / "octopus"), "key", "session", FLAG, *arguments]
    if as_name is not None:
        words += ["--as", as_name]
    home = os.environ.get("OCTOPUS_HOME")
    if home is not None:
        words = ["/usr/bin/env", f"OCTOPUS_HOME={Path(home).expanduser().resolve()}", *words]
    return shlex.join(words)


def profile(name: str, region: str, process: str) -> str:
    """A profile of the AWS configuration file that gets its keys by such a command."""
    return f"[profile {name}]\nregion = {region}\ncredential_process = {process}"
