"""How commands are told of a topic."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from octopus.cli.session import Session
from octopus.groups.names import complete
from octopus.topics.names import namespace_of

TopicArgument = Annotated[
    str,
    typer.Argument(metavar="TOPIC", help="`namespace.topic`; your namespace is added if there is no dot."),
]


def path_of(session: Session, topic: str) -> str:
    """The topic's path at the web service."""
    namespace, _, name = complete(namespace_of(session.subject), topic).partition(".")
    return f"{quote(namespace, safe='')}/{quote(name, safe='')}"
