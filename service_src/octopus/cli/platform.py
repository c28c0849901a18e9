"""``octopus platform ...``: for the operator who runs the platform's processes beside his own brokers."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated

import typer

from octopus.cli import quota
from octopus.cli.operator import InstitutionOption, features_of
from octopus.cli.output import JsonOption, print_done, print_json, print_line
from octopus.errors import NotFoundError

app = typer.Typer(help="What a fabric's operator does: processes off AWS, users.", no_args_is_help=True)
app.add_typer(quota.platform_app, name="quota")

SubjectArgument = Annotated[str, typer.Argument(help="The user's Globus identity (UUID).")]


class Principal(StrEnum):
    """The platform's principals that the stacks make users for."""

    SERVICE = "service"
    JUDGE = "judge"
    HEARTBEAT = "heartbeat"


@app.callback()
def platform() -> None:
    """Commands of the operator; they sign with AWS's default credential chain."""


@app.command()
def env(
    principal: Annotated[Principal, typer.Argument(help="Whose environment.")],
    institution: InstitutionOption,
    as_json: JsonOption = False,
) -> None:
    """Print shell exports for one of these processes: what the stacks say, and a key of its own.

    The key is issued on first use and recorded in the registry, so that the judge knows it.
    """
    from octopus.credentials.issuer import PrincipalGoneError  # late: they load boto3
    from octopus.credentials.platform import issue_platform_key
    from octopus.parameters import as_environment, read_deployed_settings

    settings = read_deployed_settings(institution)
    user_name = f"octopus-{institution}-{principal.value}"
    try:
        access_key_id, secret = issue_platform_key(
            principal=principal.value, user_name=user_name, settings=settings
        )
    except PrincipalGoneError:
        raise NotFoundError(
            f"principal: IAM has no user {user_name}, since the stacks make none where the service signs"
            " with a role and sends the heartbeat itself (hosting=fargate), and no judge for Amazon MSK"
        ) from None
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
    with features_of(institution) as features:
        features.suspensions.suspend(subject, reason=reason)
    print_done(f"User {subject} is suspended", as_json)


@app.command()
def resume(subject: SubjectArgument, institution: InstitutionOption, as_json: JsonOption = False) -> None:
    """Give a suspended user the access that it had, with the keys that worked then."""
    with features_of(institution) as features:
        features.suspensions.resume(subject)
    print_done(f"User {subject} is not suspended", as_json)
