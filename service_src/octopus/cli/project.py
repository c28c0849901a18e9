"""``octopus project ...``: namespaces that several people own."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

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
from octopus.cli.output import (
    AsOption,
    JsonOption,
    print_changes,
    print_fields,
    print_json,
    print_reply,
    print_table,
)
from octopus.cli.pages import read_all
from octopus.cli.plans import DryRunOption, YesOption, ask, print_contents, require_an_answer
from octopus.cli.session import open_session
from octopus.cli.sharing import give_each
from octopus.cli.times import moment, shown_minute

app = typer.Typer(help="Create projects, decide who is in them, share and end them.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Of the project.")]
DescriptionOption = Annotated[str | None, typer.Option("--description", help="What it is for.")]
ContactOption = Annotated[str | None, typer.Option("--contact", help="Whom to ask.")]
EndsOption = Annotated[
    str | None,
    typer.Option("--ends", metavar="TIME", help="From when on it is read only: 2027-04-01, or 'never'."),
]
DefaultOption = Annotated[
    list[str] | None,
    typer.Option("--default", metavar="SETTING=VALUE", help="Of its topics, such as partitions=4."),
]
BoundOption = Annotated[
    list[str] | None,
    typer.Option("--bound", metavar="SETTING=VALUE", help="The most for its topics, such as partitions=16."),
]
OwnerOption = Annotated[bool, typer.Option("--owner", help="As an owner, not as a member.")]


@app.command()
def create(
    name: NameArgument,
    description: DescriptionOption = None,
    contact: ContactOption = None,
    ends: EndsOption = None,
    default: DefaultOption = None,
    bound: BoundOption = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a project that you own; its topics are called NAME.TOPIC."""
    body = _settings(description, contact, ends, default, bound)
    print_reply(open_session(as_name).call("POST", _path(name), body), as_json)


@app.command("list")
def list_projects(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List projects that you own, are in, or that are shared with you whole."""
    projects = read_all(open_session(as_name), "projects", "projects")
    if as_json:
        print_json({"status": "success", "projects": projects})
        return
    print_table(
        ["project", "standing", "ends (UTC)", "you may", "description"],
        [
            [
                project["name"],
                project["standing"],
                shown_minute(project["ends"]),
                ", ".join(project["my_rights"]),
                project["description"],
            ]
            for project in projects
        ],
    )


@app.command()
def describe(name: NameArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Show a project's settings, where it stands, and what you may do with it."""
    reply = open_session(as_name).call("GET", _path(name))
    if as_json:
        print_json(reply)
        return
    project = reply["project"]
    fields = [("project", project["name"])]
    fields += [(field, project[field]) for field in ("standing", "description", "contact")]
    fields += [("ends", shown_minute(project["ends"]))]
    fields += [(field, project[field]) for field in ("defaults", "bounds")]
    fields += [("you may", project["my_rights"])]
    if project["offers"]:
        fields += [("time to", f"{' or '.join(project['offers'])} it: its end is long past")]
    print_fields(fields)


@app.command("set")
def set_(
    name: NameArgument,
    description: DescriptionOption = None,
    contact: ContactOption = None,
    ends: EndsOption = None,
    default: DefaultOption = None,
    bound: BoundOption = None,
    dry_run: DryRunOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change settings of a project; `--default` and `--bound` name all that are to be there afterwards."""
    body = _settings(description, contact, ends, default, bound)
    reply = open_session(as_name).call("PATCH", _path(name, dry_run=dry_run), body)
    print_reply(reply, as_json)
    if not as_json:
        print_changes(reply["changes"])


@app.command()
def members(name: NameArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List who is in a project."""
    print_grants(read_all(open_session(as_name), f"{_path(name)}/members", "grants"), as_json)


@app.command()
def add(
    name: NameArgument,
    who: WhoArgument = None,
    group: GroupOption = None,
    owner: OwnerOption = False,
    until: UntilOption = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a person or a Globus group into a project."""
    body = {**named(who, group), **ending(until), "role": "owner" if owner else "member"}
    print_reply(open_session(as_name).call("POST", f"{_path(name)}/members", body), as_json)


@app.command()
def remove(
    name: NameArgument,
    who: WhoArgument = None,
    group: GroupOption = None,
    owner: OwnerOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a person or a group out of a project, yourself too; with `--owner`, out of its owners alone."""
    chosen = ["owner"] if owner else []
    take_all(open_session(as_name), f"{_path(name)}/members", named(who, group), chosen, as_json)


@app.command()
def transfer(
    name: NameArgument,
    to: Annotated[str, typer.Argument(metavar="WHO", help="User name, e-mail address or UUID.")],
    keep_me: Annotated[bool, typer.Option("--keep-me", help="Stay a member.")] = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hand a project over: somebody else owns it, and you do no more."""
    body = {"to": to, "keep_me": keep_me}
    print_reply(open_session(as_name).call("POST", f"{_path(name)}/transfer", body), as_json)


@app.command()
def share(
    name: NameArgument,
    who: WhoArgument = None,
    group: GroupOption = None,
    read: ReadOption = False,
    write: WriteOption = False,
    manage: ManageOption = False,
    until: UntilOption = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a person or a Globus group read, write or manage every topic of a project, those to come too."""
    wanted = {**named(who, group), **ending(until)}
    chosen = rights(read=read, write=write, manage=manage)
    give_each(open_session(as_name), f"{_path(name)}/grants", wanted, chosen, as_json)


@app.command()
def unshare(
    name: NameArgument,
    who: WhoArgument = None,
    group: GroupOption = None,
    read: ReadOption = False,
    write: WriteOption = False,
    manage: ManageOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take rights on a whole project back: those named, or all that the person or group was given."""
    chosen = rights(read=read, write=write, manage=manage)
    take_all(open_session(as_name), f"{_path(name)}/grants", named(who, group), chosen, as_json)


@app.command()
def grants(name: NameArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List with whom a whole project is shared."""
    print_grants(read_all(open_session(as_name), f"{_path(name)}/grants", "grants"), as_json)


@app.command()
def delete(
    name: NameArgument,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a project for good, with its topics and all their records; its name is never given again."""
    require_an_answer(yes=yes, dry_run=dry_run, as_json=as_json)
    session = open_session(as_name)
    if dry_run or not yes:
        reply = session.call("DELETE", _path(name, dry_run=True))
        print_reply(reply, as_json)
        if not as_json:
            print_contents(name, reply["plan"])
        if dry_run:
            return
        ask()
    print_reply(session.call("DELETE", _path(name)), as_json)


def _path(name: str, *, dry_run: bool = False) -> str:
    return f"projects/{quote(name, safe='')}{'?dry_run=true' if dry_run else ''}"


def _settings(
    description: str | None,
    contact: str | None,
    ends: str | None,
    default: list[str] | None,
    bound: list[str] | None,
) -> dict[str, object]:
    named = {
        "description": description,
        "contact": contact,
        "defaults": _parsed(default) if default else None,
        "bounds": _parsed(bound) if bound else None,
    }
    body: dict[str, object] = {field: value for field, value in named.items() if value is not None}
    if ends is not None:
        body["ends"] = None if ends == "never" else moment(ends)
    return body


def _parsed(pairs: list[str]) -> dict[str, object]:
    parsed: dict[str, object] = {}
    for pair in pairs:
        setting, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(
                f"a setting is written SETTING=VALUE, such as partitions=4; received {pair!r}"
            )
        parsed[setting] = int(value) if value.removeprefix("-").isdecimal() else value
    return parsed
