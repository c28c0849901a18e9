"""``octopus globus setup | check``: an institution's registration at Globus Auth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from octopus.cli.output import JsonOption, print_json, print_line
from octopus.registration.models import Mode, Outcome, Wanted
from octopus.settings import GLOBUS_AUTH_URL

if TYPE_CHECKING:
    from octopus.registration.secret import SecretPlace

app = typer.Typer(
    help="An institution's registration at Globus Auth, by an administrator of its project.",
    no_args_is_help=True,
)

Institution = Annotated[str, typer.Option("--institution", help="As it is, or will be, deployed.")]
Project = Annotated[
    str | None,
    typer.Option("--project", metavar="NAME", help="Of the project; `Octopus INSTITUTION` if not given."),
]
Client = Annotated[
    str | None,
    typer.Option("--client", metavar="UUID", help="The service's client, if it is there under another name."),
]
Redirect = Annotated[
    list[str] | None,
    typer.Option(
        "--redirect", metavar="URL", help="Besides Globus' page, where the native client may be sent back to."
    ),
]
SecretName = Annotated[
    str | None,
    typer.Option(
        "--secret-name",
        metavar="NAME",
        help="In AWS Secrets Manager: the setting globus_secret_name, if it was changed.",
    ),
]
SecretPath = Annotated[
    Path | None,
    typer.Option(
        "--secret-file", metavar="FILE", help="Keep the secret in this file, mode 0600, not in AWS."
    ),
]
AuthUrl = Annotated[
    str, typer.Option("--auth-url", envvar="OCTOPUS_GLOBUS_AUTH_URL", metavar="URL", help="Globus Auth.")
]
LoginClient = Annotated[
    str | None,
    typer.Option(
        "--login-client",
        envvar="OCTOPUS_CLI_CLIENT_ID",
        metavar="UUID",
        help="A native client to log in with; Globus' own for scripts if not given.",
    ),
]
Browser = Annotated[bool, typer.Option("--browser", help="Open a browser here and take the code from it.")]


@app.command()
def setup(
    institution: Institution,
    project: Project = None,
    client: Client = None,
    redirect: Redirect = None,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="EMAIL", help="Of a new project; yours if not given.")
    ] = None,
    secret_name: SecretName = None,
    secret_file: SecretPath = None,
    new_secret: Annotated[
        bool,
        typer.Option("--new-secret", help="Make another secret, though there is one; the old one works on."),
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Change what differs, too.")] = False,
    auth_url: AuthUrl = GLOBUS_AUTH_URL,
    login_client: LoginClient = None,
    browser: Browser = False,
    as_json: JsonOption = False,
) -> None:
    """Make what is missing of the registration, and say what is there; what differs is changed with --fix.

    The client's secret goes from Globus Auth straight to where it is kept, and is never shown.
    """
    wanted = replace(
        _wanted(institution, auth_url, project, client, redirect), contact=contact, new_secret=new_secret
    )
    place = _place(institution, secret_name, secret_file)
    _run(wanted, place, Mode.FIX if fix else Mode.MAKE, auth_url, login_client, browser, as_json)


@app.command()
def check(
    institution: Institution,
    project: Project = None,
    client: Client = None,
    redirect: Redirect = None,
    secret_name: SecretName = None,
    secret_file: SecretPath = None,
    auth_url: AuthUrl = GLOBUS_AUTH_URL,
    login_client: LoginClient = None,
    browser: Browser = False,
    as_json: JsonOption = False,
) -> None:
    """Say what is there of the registration, changing nothing; status 1 when a part is missing or differs."""
    wanted = _wanted(institution, auth_url, project, client, redirect)
    place = _place(institution, secret_name, secret_file)
    _run(wanted, place, Mode.CHECK, auth_url, login_client, browser, as_json)


def _wanted(
    institution: str,
    auth_url: str,
    project: str | None,
    client: str | None,
    redirect: list[str] | None,
) -> Wanted:
    return Wanted(
        project=project or f"Octopus {institution}",
        client=f"Octopus {institution}",
        client_id=client,
        redirects=(f"{auth_url.rstrip('/')}/v2/web/auth-code", *(redirect or ())),
    )


def _place(institution: str, secret_name: str | None, secret_file: Path | None) -> SecretPlace:
    from octopus.registration.secret import SecretFile, SecretsManagerPlace

    if secret_file is not None:
        return SecretFile(secret_file)
    from octopus.aws import secretsmanager

    name = secret_name or f"octopus/{institution}/globus-client-secret"
    return SecretsManagerPlace(secretsmanager(), name=name, institution=institution)


def _run(
    wanted: Wanted,
    place: SecretPlace,
    mode: Mode,
    auth_url: str,
    login_client: str | None,
    browser: bool,
    as_json: bool,
) -> None:
    from octopus.registration.login import administrator, is_accepted  # late: not every command needs Globus
    from octopus.registration.service import Registration

    auth_url = f"{auth_url.rstrip('/')}/"
    with administrator(auth_url, login_client=login_client, browser=browser) as auth:
        outcome = Registration(
            auth,
            wanted=wanted,
            secret=place,
            accepts=lambda client_id, secret: is_accepted(auth_url, client_id, secret),
            mode=mode,
        ).run()
    _tell(outcome, as_json)
    if not outcome.settled:
        raise typer.Exit(1)


def _tell(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "status": "success" if outcome.settled else "failure",
                "globus_client_id": outcome.client_id,
                "cli_client_id": outcome.native_client_id,
                "parts": [
                    {"part": each.part, "state": str(each.state), "about": each.about}
                    for each in outcome.findings
                ],
            }
        )
        return
    for each in outcome.findings:
        print_line(f"{each.part:<13}  {each.state:<7}  {each.about}")
    settings = {"globus_client_id": outcome.client_id, "cli_client_id": outcome.native_client_id}
    known = [f'{name} = "{value}"' for name, value in settings.items() if value is not None]
    if known:
        print_line("\nFor the settings file:\n" + "\n".join(known))
