"""``octopus group ...``: the caller's consumer groups, by Kafka's protocol and with the caller's key."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from octopus.cli.kafka import CaFileOption, KafkaAccess, open_kafka
from octopus.cli.output import AsOption, JsonOption, print_json, print_line, print_table
from octopus.cli.plans import DryRunOption
from octopus.groups.models import Move
from octopus.groups.names import complete
from octopus.groups.targets import parse_selection, parse_target

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
    groups = _groups(open_kafka(as_name, ca_file)).list()
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
    kafka = open_kafka(as_name, ca_file)
    name = complete(kafka.namespace, group)
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
    kafka = open_kafka(as_name, ca_file)
    name = complete(kafka.namespace, group)
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
