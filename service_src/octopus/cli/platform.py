"""``octopus platform ...``: for the operator who runs the platform's processes beside his own brokers."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated

import typer

from octopus.cli.output import JsonOption, print_json, print_line
from octopus.credentials.platform import issue_platform_key
from octopus.parameters import as_environment, read_deployed_settings

app = typer.Typer(help="Set up the platform's own processes off AWS, as the operator.", no_args_is_help=True)


class Principal(StrEnum):
    """The platform's principals that the stacks make users for."""

    SERVICE = "service"
    JUDGE = "judge"


@app.callback()
def platform() -> None:
    """Commands of the operator; they sign with AWS's default credential chain."""


@app.command()
def env(
    principal: Annotated[Principal, typer.Argument(help="Whose environment.")],
    institution: Annotated[str, typer.Option("--institution", help="As it was deployed.")],
    as_json: JsonOption = False,
) -> None:
    """Print shell exports for the web service or the judge: what the stacks say, and a key of its own.

    The key is issued on first use and recorded in the registry, so that the judge knows it.
    """
    settings = read_deployed_settings(institution)
    access_key_id, secret = issue_platform_key(
        principal=principal.value, user_name=f"octopus-{institution}-{principal.value}", settings=settings
    )
    values = {
        **as_environment(settings),
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
    }
    if as_json:
        print_json(values)
    else:
        for name, value in values.items():
            print_line(f"export {name}={shlex.quote(value)}")
