"""What the command prints: for a person by default, JSON when asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Act as this identity of the stand-in, made on first use."),
]


def print_json(value: object, to: TextIO | None = None) -> None:
    """Print one JSON document, on standard output unless told otherwise."""
    stream = to or sys.stdout
    json.dump(value, stream, indent=2, default=str)
    stream.write("\n")


def print_line(text: str) -> None:
    """Print text as it is."""
    sys.stdout.write(f"{text}\n")


def print_reply(reply: Mapping[str, Any], as_json: bool) -> None:
    """Print a reply's message, or all of it."""
    if as_json:
        print_json(reply)
    else:
        print_line(reply["message"])


def print_done(message: str, as_json: bool) -> None:
    """Say that something was done."""
    print_reply({"status": "success", "message": message}, as_json)


def print_fields(fields: Sequence[tuple[str, Any]]) -> None:
    """Print what one thing is like: a line for each of its fields."""
    width = max(len(name) for name, _ in fields)
    for name, value in fields:
        print_line(f"{name:<{width}}  {shown_value(value)}".rstrip())


def print_changes(changes: Sequence[Mapping[str, Any]]) -> None:
    """Print what is, or would be, another than before."""
    for change in changes:
        before, after = shown_value(change["before"]), shown_value(change["after"])
        print_line(f"{change['field']}: {before} -> {after}")


def shown_value(value: object) -> str:
    """A value of a reply, for a person to read."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under headings."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        # What a row is about gets copied: it is never broken over lines.
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(str(value) for value in row))
    Console().print(table)


def print_error(message: str) -> None:
    """Say what went wrong; as JSON on standard output too when ``--json`` was asked for."""
    if "--json" in sys.argv:
        print_json({"status": "error", "message": message})
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
