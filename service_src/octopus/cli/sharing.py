"""``octopus topic share | unshare | grants | who`` and ``octopus shared``: who may do what with a topic."""

from __future__ import annotations

import typer

from octopus.cli.grantees import (
    GroupOption,
    ManageOption,
    ReadOption,
    UntilOption,
    WhoArgument,
    WriteOption,
    ending,
    named,
    print_grants,
    rights,
    take_all,
)
from octopus.cli.output import AsOption, JsonOption, print_json, print_line, print_table
from octopus.cli.pages import read_all
from octopus.cli.session import Session, open_session
from octopus.cli.times import shown_minute
from octopus.cli.topic_names import TopicArgument, path_of


def register(topic: typer.Typer, root: typer.Typer) -> None:
    """Add these commands to those about topics, and to the command line's root."""
    for command in (share, unshare, grants, who):
        topic.command()(command)
    root.command()(shared)


def share(
    topic: TopicArgument,
    who: WhoArgument = None,
    group: GroupOption = None,
    read: ReadOption = False,
    write: WriteOption = False,
    manage: ManageOption = False,
    until: UntilOption = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a person or a Globus group read, write or manage a topic; asked again, the end becomes this one."""
    session = open_session(as_name)
    give_each(
        session,
        f"{path_of(session, topic)}/grants",
        {**named(who, group), **ending(until)},
        rights(read=read, write=write, manage=manage),
        as_json,
    )


def unshare(
    topic: TopicArgument,
    who: WhoArgument = None,
    group: GroupOption = None,
    read: ReadOption = False,
    write: WriteOption = False,
    manage: ManageOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take rights on a topic back: those named, or all that the person or group was given."""
    session = open_session(as_name)
    chosen = rights(read=read, write=write, manage=manage)
    take_all(session, f"{path_of(session, topic)}/grants", named(who, group), chosen, as_json)


def grants(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List the grants on a topic."""
    session = open_session(as_name)
    print_grants(read_all(session, f"{path_of(session, topic)}/grants", "grants"), as_json)


def who(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List the people and groups who can read, write or manage a topic, and why."""
    session = open_session(as_name)
    found = read_all(session, f"{path_of(session, topic)}/access", "access")
    if as_json:
        print_json({"status": "success", "access": found})
        return
    print_table(
        ["who", "right", "why", "through", "until (UTC)"],
        [
            [
                one["name"] or one["identity"] or one["through_group"],
                one["right"],
                one["why"] + (" of the project" if one["on"] == "*" else ""),
                f"group {one['through_group']} of {one['members']}" if one["through_group"] else "-",
                shown_minute(one["until"]),
            ]
            for one in found
        ],
    )


def shared(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List what others share with you: topics, and whole projects (`*`)."""
    found = read_all(open_session(as_name), "shared", "shared")
    if as_json:
        print_json({"status": "success", "shared": found})
        return
    print_table(
        ["topic", "right", "through", "until (UTC)"],
        [
            [
                f"{one['namespace']}.{one['topic']}",
                one["right"],
                one["group_name"] or one["through_group"] or one["through_identity"] or "-",
                shown_minute(one["until"]),
            ]
            for one in found
        ],
    )


def give_each(session: Session, path: str, wanted: dict[str, str], chosen: list[str], as_json: bool) -> None:
    """Give each of the rights, and tell of it.

    Raises:
        typer.BadParameter: none is named.
    """
    if not chosen:
        raise typer.BadParameter("name at least one of --read, --write and --manage")
    replies = [session.call("POST", path, {**wanted, "right": right}) for right in chosen]
    if as_json:
        print_json({"status": "success", "grants": [reply["grant"] for reply in replies]})
        return
    for reply in replies:
        print_line(reply["message"])
