"""The command line's root: its sub-commands, and how an error ends it."""

from __future__ import annotations

import sys

import typer

from octopus import log
from octopus.cli import (
    account,
    audit,
    config,
    connect,
    copying,
    doctor,
    fabric,
    globus,
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
connect.register(app)
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
app.add_typer(globus.app, name="globus")
app.add_typer(stand_in.app, name="stand-in")


def main() -> None:
    """Run the command line; an expected error ends it with one message and status 1."""
    log.configure(process="octopus", level="warning", stream=sys.stderr)
    try:
        app()
    except Exception as error:
        from octopus.cli.errors import sentence  # late: it knows the errors of all that a command may use

        said = sentence(error)
        if said is None:
            raise
        print_error(said)
        sys.exit(1)
