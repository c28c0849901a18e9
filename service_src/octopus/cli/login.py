"""``octopus login | logout | whoami``."""

from __future__ import annotations

from typing import Annotated

import typer

from octopus.cli.output import AsOption, JsonOption, print_json, print_line
from octopus.cli.session import open_session


def register(app: typer.Typer) -> None:
    """Add these commands to the command line's root."""
    for command in (login, logout, whoami):
        app.command()(command)


def login(
    browser: Annotated[
        bool, typer.Option("--browser", help="Open a browser here and take the code from it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Log in with Globus Auth; without --browser you open the address yourself and paste the code."""
    from octopus.cli.globus_login import log_in

    subject, username = log_in(browser=browser)
    if as_json:
        print_json({"status": "success", "subject": subject, "username": username})
    else:
        print_line(f"Logged in as {username} ({subject})")


def logout(as_json: JsonOption = False) -> None:
    """Revoke and forget the tokens of the last login."""
    from octopus.cli.globus_login import log_out

    was = log_out()
    if as_json:
        print_json({"status": "success", "logged_out": was})
    else:
        print_line("Logged out." if was else "Nobody was logged in.")


def whoami(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Show whom the command acts as, and the namespace."""
    session = open_session(as_name)
    namespaces = sorted(session.call("GET", "namespace")["namespaces"])
    if as_json:
        print_json({"status": "success", "subject": session.subject, "namespaces": namespaces})
        return
    print_line(f"subject    {session.subject}")
    print_line(f"namespace  {', '.join(namespaces) or 'none yet: it is made with the first key or topic'}")
