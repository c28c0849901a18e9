"""``octopus topic ...``: the topics of the caller's namespace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from octopus.cli.output import AsOption, JsonOption, print_json, print_line, print_table
from octopus.cli.session import Session, open_session
from octopus.errors import NotFoundError

app = typer.Typer(help="Create, list, delete and recreate topics.", no_args_is_help=True)

TopicArgument = Annotated[str, typer.Argument(metavar="TOPIC", help="Name without its namespace.")]


@app.command()
def create(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Create a topic; the account and its namespace are made on first use."""
    session = open_session(as_name)
    namespace = session.call("POST", "user")["namespace"]
    _tell(session.call("POST", f"{namespace}/{topic}"), as_json)


@app.command("list")
def list_topics(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List topics under the names that Kafka clients use."""
    namespaces: dict[str, list[str]] = open_session(as_name).call("GET", "namespace")["namespaces"]
    if as_json:
        print_json({"status": "success", "namespaces": namespaces})
        return
    print_table(
        ["topic", "name at Kafka"],
        [[topic, f"{namespace}.{topic}"] for namespace, topics in namespaces.items() for topic in topics],
    )


@app.command()
def delete(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Delete a topic and its records."""
    session = open_session(as_name)
    _tell(session.call("DELETE", f"{_namespace(session)}/{topic}"), as_json)


@app.command()
def recreate(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Delete a topic's records by making the topic anew under its name."""
    session = open_session(as_name)
    _tell(session.call("PUT", f"{_namespace(session)}/{topic}/recreate"), as_json)


def _namespace(session: Session) -> str:
    namespaces = session.call("GET", "namespace")["namespaces"]
    if not namespaces:
        raise NotFoundError("There is no account for this identity yet; `octopus topic create` makes it.")
    return str(next(iter(namespaces)))


def _tell(reply: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(reply)
    else:
        print_line(reply["message"])
