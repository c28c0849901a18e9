"""``octopus topic copy`` and ``octopus project export``: records carried elsewhere, with one's own key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from octopus.cli.kafka import CaFileOption, KafkaAccess, open_kafka
from octopus.cli.output import AsOption, JsonOption, print_json, print_line
from octopus.cli.pages import read_all
from octopus.cli.session import open_session
from octopus.cli.topic_names import path_of
from octopus.errors import InvalidError, NotFoundError
from octopus.groups.names import complete
from octopus.topics.names import full_name, namespace_of

_EVERY = 1000
"""Records between two signs of life."""

SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="`namespace.topic`, or a topic of your own.")
]
DestinationArgument = Annotated[
    str,
    typer.Argument(metavar="DESTINATION", help="The same; it is there, with as many partitions or more."),
]


def register(topic: typer.Typer, project: typer.Typer) -> None:
    """Add these commands to those about topics and about projects."""
    topic.command("copy")(copy_topic)
    project.command("export")(export_project)


def copy_topic(
    source: SourceArgument,
    destination: DestinationArgument,
    append: Annotated[
        bool, typer.Option("--append", help="Though the destination holds records already.")
    ] = False,
    as_name: AsOption = None,
    ca_file: CaFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the records that a topic holds now: keys, headers, timestamps and partitions are kept."""
    from octopus.copying.topics import copy  # late: it loads the Kafka client

    own = namespace_of(open_session(as_name).subject)
    names = [complete(own, topic) for topic in (source, destination)]
    kafka = open_kafka(as_name, ca_file, names)
    with _progress(f"{names[0]} -> {names[1]}") as progress:
        copied = copy(
            kafka.settings(),
            source=names[0],
            destination=names[1],
            group=_group(kafka),
            append=append,
            progress=progress,
        )
    total = sum(copied.values())
    if as_json:
        print_json({"status": "success", "records": total, "partitions": copied})
        return
    print_line(f"{total} records copied from {names[0]} to {names[1]}")
    for partition, count in copied.items():
        print_line(f"partition {partition}: {count}")


def export_project(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a project, or of your namespace.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="Made if need be.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Leave topics out whose file is there, and do the others.")
    ] = False,
    as_name: AsOption = None,
    ca_file: CaFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all records of a project's topics into files, a line of JSON each, and what topics are like.

    Topics that you may not read are named, and left out.
    """
    from octopus.copying.files import export  # late, likewise

    session = open_session(as_name)
    found = read_all(session, "search", "topics", {"namespace": name})
    replies = [session.call("GET", path_of(session, one["name"])) for one in found if one["mine"]]
    readable = [reply for reply in replies if "read" in reply["rights"]]
    topics = [reply["name"] for reply in readable]
    unreadable = [reply["name"] for reply in replies if reply not in readable]
    if not topics:
        raise NotFoundError(f"{name} has no topic that you may read")
    files = {topic: folder / f"{topic}.jsonl" for topic in topics}
    there = [topic for topic, file in files.items() if file.exists()]
    if there and not resume:
        raise InvalidError(
            f"folder: one without files of these topics, unless you resume; {folder} has {', '.join(there)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    described = folder / f"{full_name(name, 'topics')}.json"
    with described.open("w", encoding="utf-8") as file:
        print_json(readable, file)
    written: dict[str, int] = {}
    for topic in topics:
        if topic not in there:
            # For each, since a session names few topics and lasts an hour.
            kafka = open_kafka(as_name, ca_file, [topic])
            with _progress(topic) as progress:
                written[topic] = export(
                    kafka.settings(),
                    topic=topic,
                    group=_group(kafka),
                    file=files[topic],
                    progress=progress,
                )
    if as_json:
        print_json({"status": "success", "records": written, "left_out": there, "not_readable": unreadable})
        return
    for topic, count in written.items():
        print_line(f"{count} records of {topic} in {files[topic]}")
    for topic in there:
        print_line(f"{topic} was there already")
    for topic in unreadable:
        print_line(f"{topic} is left out: you may not read it")


def _group(kafka: KafkaAccess) -> str:
    """A consumer group that every key may use; nothing is ever committed to it."""
    return full_name(kafka.namespace, "octopus-copy")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """Tells a person at a terminal how far it is."""
    with Console(stderr=True).status(what) as status:

        def told(count: int) -> None:
            if count % _EVERY == 0:
                status.update(f"{what}: {count} records")

        yield told
