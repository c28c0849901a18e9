"""People, groups and ends as the commands of sharing take and show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from octopus.cli.output import print_json, print_line, print_table
from octopus.cli.pages import read_all
from octopus.cli.session import Session
from octopus.cli.times import moment, shown_minute

WhoArgument = Annotated[
    str | None, typer.Argument(metavar="WHO", help="User name, e-mail address or UUID of a person.")
]
GroupOption = Annotated[
    str | None, typer.Option("--group", metavar="UUID", help="A Globus group instead of a person.")
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--until", metavar="TIME", help="When it ends by itself: 2027-04-01, 2027-04-01T12:00+02:00."
    ),
]
ReadOption = Annotated[bool, typer.Option("--read", help="Describe and read records.")]
WriteOption = Annotated[bool, typer.Option("--write", help="Describe and write records.")]
ManageOption = Annotated[
    bool, typer.Option("--manage", help="Settings, sharing, deletion of records; no right to read or write.")
]


def named(who: str | None, group: str | None) -> dict[str, str]:
    """A person or a group, as requests name them.

    Raises:
        typer.BadParameter: neither or both are given.
    """
    if (who is None) == (group is None):
        raise typer.BadParameter("name a person, or a Globus group with --group: one of the two")
    return {"who": who} if who is not None else {"group": str(group)}


def rights(*, read: bool, write: bool, manage: bool) -> list[str]:
    """The rights that flags name; none for none."""
    chosen = (("read", read), ("write", write), ("manage", manage))
    return [name for name, wanted in chosen if wanted]


def ending(until: str | None) -> dict[str, str]:
    """An end, as requests have it."""
    return {} if until is None else {"until": moment(until)}


def take_all(session: Session, path: str, who: dict[str, str], chosen: Iterable[str], as_json: bool) -> None:
    """Take every grant of a list that names this person or group, and tell of each.

    Args:
        path: of the list of grants.
        who: as `named` has it.
        chosen: rights or roles; none for all.
    """
    found = read_all(session, path, "grants", who)
    wanted = [grant for grant in found if not chosen or grant["right"] in chosen]
    messages = [session.call("DELETE", f"{path}/{grant['id']}")["message"] for grant in wanted]
    if as_json:
        print_json({"status": "success", "message": f"{len(wanted)} grants revoked", "grants": wanted})
        return
    for message in messages or ["There was no such grant"]:
        print_line(message)


def print_grants(grants: list[dict[str, Any]], as_json: bool) -> None:
    """A list of grants."""
    if as_json:
        print_json({"status": "success", "grants": grants})
        return
    print_table(
        ["who", "kind", "right", "until (UTC)", "since (UTC)", "id"],
        [
            [
                grant["name"] or grant["to"],
                grant["kind"],
                grant["right"],
                shown_minute(grant["until"]),
                shown_minute(grant["created"]),
                grant["id"],
            ]
            for grant in grants
        ],
    )
