"""``octopus key session``: keys for an hour at most, limited to some topics."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from octopus.cli import credential_process
from octopus.cli.output import AsOption, JsonOption, print_json, print_line
from octopus.cli.session import open_session
from octopus.groups.names import complete
from octopus.topics.names import namespace_of

ALL_TOPICS = "*"
RENEWABLE_MINUTES = 20
"""AWS's library for Python asks again from 15 minutes before a key's end on, whenever it uses part of it."""


def register(app: typer.Typer) -> None:
    """Add this command to those about keys."""
    app.command()(session)


def session(
    topics: Annotated[
        list[str] | None,
        typer.Option(
            "--topic",
            metavar="TOPIC",
            help="What it is limited to, several times if need be; without a dot, your namespace is added; "
            "'*' or nothing: all of your namespace.",
        ),
    ] = None,
    read: Annotated[bool, typer.Option("--read", help="Reading; with neither, both.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Writing; with neither, both.")] = False,
    minutes: Annotated[
        int | None,
        typer.Option(
            "--minutes", min=15, max=60, help="Until it ends; else as long as the fabric lets it live."
        ),
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="Your name for it.")] = None,
    as_env: Annotated[bool, typer.Option("--env", help="Print shell exports.")] = False,
    as_credential_process: Annotated[
        bool,
        typer.Option(credential_process.FLAG, help="Print what AWS wants of a credential_process."),
    ] = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a session: a key, its secret and a token that sign together until they end."""
    if as_credential_process and minutes is not None and minutes < RENEWABLE_MINUTES:
        raise typer.BadParameter(
            f"--minutes is {minutes}, and {credential_process.FLAG} takes {RENEWABLE_MINUTES} to 60: AWS's "
            "library for Python renews a key 15 minutes before its end, and would mix parts of shorter ones"
        )
    caller = open_session(as_name)
    namespace = namespace_of(caller.subject)
    actions = [name for name, chosen in (("read", read), ("write", write)) if chosen or not (read or write)]
    names = [complete(namespace, topic) for topic in topics or [ALL_TOPICS]]
    asked = {
        "topics": names,
        "actions": actions,
        "duration_seconds": None if minutes is None else minutes * 60,
        "label": label,
    }
    opened = caller.call("POST", "sessions", {name: value for name, value in asked.items() if value})
    if as_json:
        print_json(opened)
    elif as_credential_process:
        print_json(_for_aws(opened))
    elif as_env:
        for name, value in _variables(opened).items():
            print_line(f"export {name}={shlex.quote(value)}")
    else:
        _tell(opened, credential_process.command(_arguments(names, actions, minutes, label), as_name=as_name))


def _for_aws(opened: dict[str, Any]) -> dict[str, Any]:
    return {
        "Version": 1,
        "AccessKeyId": opened["access_key"],
        "SecretAccessKey": opened["secret_key"],
        "SessionToken": opened["session_token"],
        "Expiration": opened["expiration"],
    }


def _variables(opened: dict[str, Any]) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": opened["access_key"],
        "AWS_SECRET_ACCESS_KEY": opened["secret_key"],
        "AWS_SESSION_TOKEN": opened["session_token"],
        "AWS_REGION": opened["region"],
        "AWS_DEFAULT_REGION": opened["region"],
    }


def _arguments(
    topics: Sequence[str], actions: Sequence[str], minutes: int | None, label: str | None
) -> list[str]:
    words = [word for topic in topics for word in ("--topic", topic)]
    words += [f"--{action}" for action in actions]
    if minutes is not None:
        words += ["--minutes", str(max(minutes, RENEWABLE_MINUTES))]
    return [*words, "--label", label] if label else words


def _tell(opened: dict[str, Any], process: str) -> None:
    print_line(f"{opened['message']}: to {' and '.join(opened['actions'])} {', '.join(opened['topics'])}")
    print_line(f"access key         {opened['access_key']}")
    print_line(f"secret key         {opened['secret_key']}")
    print_line(f"session token      {opened['session_token']}")
    print_line(f"ends               {opened['expiration']}")
    print_line(f"bootstrap servers  {opened['endpoint']}")
    print_line("")
    print_line("For a session that AWS-aware clients renew by themselves, in ~/.aws/config:")
    print_line("")
    print_line(credential_process.profile("octopus", opened["region"], process))
