"""``octopus connect``: an institution's fabric for the published SDK, on this machine."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from octopus.cli.output import print_line


def register(app: typer.Typer) -> None:
    """Add this command to the command line's root."""
    app.command()(connect)


def connect(
    url: Annotated[str, typer.Argument(metavar="URL", help="Of the fabric: https://octopus.lab.example.")],
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Where it is served; the SDK knows 8000 alone.")
    ] = 8000,
    auth_port: Annotated[
        int, typer.Option("--auth-port", min=1, max=65535, help="Where programs log in.")
    ] = 8100,
    browser: Annotated[
        bool, typer.Option("--browser", help="Open a browser here and take the code from it.")
    ] = False,
    client_credentials: Annotated[
        bool,
        typer.Option(
            "--client-credentials",
            help="Print a client id and secret, too, with which the SDK logs in without a page.",
        ),
    ] = False,
    logout: Annotated[
        bool, typer.Option("--logout", help="Revoke and forget your login to this fabric, and end.")
    ] = False,
) -> None:
    """Log in to an institution's fabric and serve it on localhost, where the published SDK finds it.

    Runs until Ctrl-C. On standard output is what the shell of a program takes over, and nothing else.
    """
    from octopus.connect.service import forget_login, serve_fabric  # late: no other command needs a server

    if logout:
        print_line("Logged out." if forget_login(url) else "Nobody was logged in.")
        return
    serve_fabric(
        url,
        port=port,
        auth_port=auth_port,
        browser=browser,
        client_credentials=client_credentials,
        tell=_tell,
        export=_export,
    )


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _export(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        print_line(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()
