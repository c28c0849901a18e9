"""``octopus platform ...``: for the operator who runs the platform's processes beside his own brokers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from octopus.cli.output import JsonOption, print_json, print_line
from octopus.credentials.platform import issue_platform_key
from octopus.fabric.deployment import use_operator_credentials
from octopus.fabric.settings import INSTITUTION, FabricSettings
from octopus.parameters import as_environment, read_deployed_settings
from octopus.settings import ServiceSettings
from octopus.web.assembly import Features, assemble

app = typer.Typer(help="What a fabric's operator does: processes off AWS, users.", no_args_is_help=True)

InstitutionOption = Annotated[str, typer.Option("--institution", help="As it was deployed.")]
SubjectArgument = Annotated[str, typer.Argument(help="The user's Globus identity (UUID).")]


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
    institution: InstitutionOption,
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


@app.command()
def suspend(
    subject: SubjectArgument,
    institution: InstitutionOption,
    reason: Annotated[
        str | None, typer.Option("--reason", help="In a few words; the user is told, too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take all access from a user; topics, records and keys are kept.

    Brokers with the fabric's plugin end connections within seconds. On MSK, requests are refused as soon as
    IAM has spread the change. Asking again is safe.
    """
    with _features(institution) as features:
        features.suspensions.suspend(subject, reason=reason)
    _done(f"User {subject} is suspended", as_json)


@app.command()
def resume(subject: SubjectArgument, institution: InstitutionOption, as_json: JsonOption = False) -> None:
    """Give a suspended user the access that it had, with the keys that worked then."""
    with _features(institution) as features:
        features.suspensions.resume(subject)
    _done(f"User {subject} is not suspended", as_json)


@contextmanager
def _features(institution: str) -> Iterator[Features]:
    if institution == INSTITUTION and "AWS_ENDPOINT_URL" not in os.environ:
        use_operator_credentials(FabricSettings())  # of the fabric on this machine
    features = assemble(ServiceSettings(**read_deployed_settings(institution).model_dump()))
    try:
        yield features
    finally:
        features.close()


def _done(message: str, as_json: bool) -> None:
    if as_json:
        print_json({"status": "success", "message": message})
    else:
        print_line(message)
