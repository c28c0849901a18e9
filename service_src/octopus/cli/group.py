"""``octopus group ...``: the caller's consumer groups, by Kafka's protocol and with the caller's key."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from octopus.cli.kafka import CaFileOption, KafkaAccess, open_kafka
from octopus.cli.output import AsOption, JsonOption, print_json, print_line, print_table
from octopus.cli.pages import read_all
from octopus.cli.plans import DryRunOption
from octopus.cli.session import open_session
from octopus.groups.models import Move
from octopus.groups.names import complete
from octopus.groups.targets import parse_selection, parse_target
from octopus.topics.names import namespace_of

if TYPE_CHECKING:
    from octopus.groups.service import Groups

app = typer.Typer(
    help="List consumer groups, see their lag, set them elsewhere; an account and a key are made for this.",
    no_args_is_help=True,
)

GroupArgument = Annotated[
    str,
    typer.Argument(
        metavar="GROUP",
        help="`namespace.group`, such as of a project; your namespace is added without a dot.",
    ),
]
_NEVER = "never"


@app.command("list")
def list_groups(as_name: AsOption = None, ca_file: CaFileOption = None, as_json: JsonOption = False) -> None:
    """List your groups, and those of projects that you are in, with their state and members."""
    found = {group.name: group for kafka in _everywhere(as_name, ca_file) for group in _groups(kafka).list()}
    groups = [found[name] for name in sorted(found)]
    if as_json:
        print_json({"status": "success", "groups": [dataclasses.asdict(group) for group in groups]})
        return
    print_table(
        ["group", "state", "protocol", "members"],
        [[group.name, group.state, group.protocol, ", ".join(group.members) or "-"] for group in groups],
    )


@app.command()
def lag(
    group: GroupArgument, as_name: AsOption = None, ca_file: CaFileOption = None, as_json: JsonOption = False
) -> None:
    """Show how far a group is behind, partition by partition."""
    kafka, name = _open(as_name, ca_file, group)
    partitions = _groups(kafka).lag(name)
    total = sum(one.lag or 0 for one in partitions)
    if as_json:
        rows = [{**dataclasses.asdict(one), "lag": one.lag} for one in partitions]
        print_json({"status": "success", "group": name, "lag": total, "partitions": rows})
        return
    print_table(
        ["topic", "partition", "committed", "end", "lag"],
        [
            [one.topic, one.partition, _offset(one.committed), _known(one.end), _known(one.lag)]
            for one in partitions
        ],
    )
    print_line(f"{name} is {total} record(s) behind")


@app.command()
def reset(
    group: GroupArgument,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="WHERE",
            help="earliest, latest, an offset, a shift (-100, +100), or a time (2026-11-22T08:00, UTC).",
        ),
    ],
    topic: Annotated[
        str | None,
        typer.Option(
            "--topic",
            metavar="TOPIC[:PARTITION]",
            help="This one only, of the group's namespace if there is no dot; else all it ever read.",
        ),
    ] = None,
    dry_run: DryRunOption = False,
    as_name: AsOption = None,
    ca_file: CaFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set what a group reads next; refused while it has members."""
    target = parse_target(to)
    selection = parse_selection(topic) if topic is not None else None
    kafka, name = _open(as_name, ca_file, group, selection.topic if selection else None)
    if selection is not None:
        # A group of a project reads that project's topics, if nothing else is said.
        selection = dataclasses.replace(selection, topic=complete(name.partition(".")[0], selection.topic))
    groups = _groups(kafka)
    moves = groups.plan(name, target, selection)
    if not as_json:
        _show(moves)
    if not dry_run:
        groups.reset(name, moves)
    if as_json:
        plan = [dataclasses.asdict(move) for move in moves]
        print_json({"status": "success", "group": name, "changed": not dry_run, "plan": plan})
    elif not moves:
        print_line(f"{name} never committed an offset: name a topic with --topic")
    else:
        print_line("Nothing was changed." if dry_run else f"{name} is set.")


def _open(
    as_name: str | None, ca_file: Path | None, group: str, topic: str | None = None
) -> tuple[KafkaAccess, str]:
    """The caller at Kafka for one group, and that group's full name.

    Args:
        topic: what it is to read; one of its namespace if there is no dot.
    """
    name = complete(namespace_of(open_session(as_name).subject), group)
    namespace = name.partition(".")[0]
    topics = [f"{namespace}.*", *([complete(namespace, topic)] if topic else [])]
    return open_kafka(as_name, ca_file, topics), name


def _everywhere(as_name: str | None, ca_file: Path | None) -> Iterator[KafkaAccess]:
    """The caller at Kafka, for all namespaces whose groups he has: a key is for all, a session for one."""
    kafka = open_kafka(as_name, ca_file)
    yield kafka
    if kafka.session_token is None:
        return
    own = kafka.session.call("GET", "namespace")["namespaces"]
    projects = read_all(kafka.session, "projects", "projects")
    members = [project["name"] for project in projects if "member" in project["my_rights"]]
    for namespace in sorted({*own, *members} - {kafka.namespace}):
        yield open_kafka(as_name, ca_file, [f"{namespace}.*"])


def _groups(kafka: KafkaAccess) -> Groups:
    from octopus.groups.service import Groups  # late: it loads the Kafka client

    return Groups(kafka.settings())


def _show(moves: Sequence[Move]) -> None:
    print_table(
        ["topic", "partition", "committed", "set to"],
        [[move.topic, move.partition, _offset(move.before), move.after] for move in moves],
    )


def _known(number: int | None) -> str:
    return "-" if number is None else str(number)


def _offset(committed: int | None) -> str:
    return _NEVER if committed is None else str(committed)
