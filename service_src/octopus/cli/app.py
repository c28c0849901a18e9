"""The command line's root: its sub-commands, and how an error ends it."""

from __future__ import annotations

import sys

import httpx
import typer
from botocore.exceptions import BotoCoreError, ClientError
from globus_sdk import GlobusError
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from octopus import log
from octopus.cli import (
    account,
    audit,
    config,
    copying,
    doctor,
    fabric,
    group,
    keys,
    login,
    offboarding,
    platform,
    project,
    quota,
    sharing,
    stand_in,
    topics,
)
from octopus.cli.output import print_error
from octopus.credentials.issuer import PrincipalGoneError
from octopus.errors import OctopusError
from octopus.fabric.errors import FabricError
from octopus.registry.transactions import OVERTAKEN, ConditionFailedError

app = typer.Typer(
    help="Octopus: an event fabric for science.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
fabric.register(app)
login.register(app)
config.register(app)
doctor.register(app)
quota.register(app)
audit.register(app, platform.app)
offboarding.register(platform.app)
app.add_typer(topics.app, name="topic")
sharing.register(topics.app, app)
app.add_typer(project.app, name="project")
copying.register(topics.app, project.app)
app.add_typer(keys.app, name="key")
app.add_typer(account.app, name="account")
app.add_typer(group.app, name="group")
app.add_typer(platform.app, name="platform")
app.add_typer(stand_in.app, name="stand-in")


def main() -> None:
    """Run the command line; an expected error ends it with one message and status 1."""
    log.configure(process="octopus", level="warning", stream=sys.stderr)
    try:
        app()
    except (FabricError, OctopusError) as error:
        print_error(str(error))
    except ValidationError as error:
        print_error("\n".join(_sentence(problem) for problem in error.errors()))
    except httpx.ConnectError as error:
        print_error(f"No answer from {error.request.url}: is the fabric up? Try `octopus status`.")
    except httpx.HTTPError as error:
        print_error(f"The web service did not answer as it should: {type(error).__name__}: {error}")
    except ConditionFailedError:
        print_error(OVERTAKEN)
    except PrincipalGoneError as error:
        print_error(f"IAM has no user {error}: it was deleted by hand, or is too new; try again")
    except (BotoCoreError, ClientError) as error:
        print_error(f"AWS: {error}")
    except GlobusError as error:
        print_error(f"Globus Auth refused: {error}")
    else:
        return
    sys.exit(1)


def _sentence(problem: ErrorDetails) -> str:
    """What is wrong with a setting; a rule between several settings names them itself."""
    rule = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return rule
    variable = f"OCTOPUS_{problem['loc'][0]}".upper()
    return f"{variable} is {problem['input']!r}: {rule}"
