"""``octopus config TOOL``: settings of other people's Kafka clients, for the caller at this fabric."""

from __future__ import annotations

from typing import Annotated

import typer

from octopus.cli import credential_process
from octopus.cli.kafka import CaFileOption, open_kafka
from octopus.cli.output import AsOption, JsonOption, print_json, print_line
from octopus.clients.snippets import TOOLS, Connection, Key, ToolName, render
from octopus.groups.names import complete, namespace_of_groups


def register(app: typer.Typer) -> None:
    """Add this command to the command line's root."""
    app.command()(config)


def config(
    tool: Annotated[ToolName, typer.Argument(help="The client.")],
    topic: Annotated[
        str,
        typer.Option(
            "--topic", metavar="TOPIC", help="Of the examples; your namespace is added if there is no dot."
        ),
    ] = "readings",
    group: Annotated[
        str,
        typer.Option(
            "--group",
            metavar="GROUP",
            help="Consumer group; without a dot it gets the topic's project in front, if you are in it, "
            "else your namespace.",
        ),
    ] = "readers",
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Write your key into the text.")
    ] = False,
    as_name: AsOption = None,
    ca_file: CaFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print ready settings for a Kafka client: this fabric's addresses, your namespace, no secret.

    Makes your account and a key first if you have none.
    """
    kafka = open_kafka(as_name, ca_file)
    if with_secrets and kafka.session_token is not None:
        raise typer.BadParameter(
            "--with-secrets: this fabric issues sessions only, which end within the hour; without it the"
            " settings have the client open its own"
        )
    topic = complete(kafka.namespace, topic)
    connection = Connection(
        bootstrap_servers=kafka.bootstrap_servers,
        topic=topic,
        group=complete(namespace_of_groups(kafka.session, topic), group),
        ca_file=kafka.ca_file,
        region=kafka.region,
        credential_process=credential_process.command(as_name=as_name),
        key=Key(access_key=kafka.access_key, secret_key=kafka.secret_key) if with_secrets else None,
    )
    text = render(tool, connection)
    if as_json:
        about = TOOLS[tool]
        print_json({"status": "success", "file": about.file, "needs": about.needs, "text": text})
    else:
        print_line(text.removesuffix("\n"))
