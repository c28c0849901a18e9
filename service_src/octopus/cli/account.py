"""``octopus account ...``: what hangs on the caller's account, its move to another identity, and its end."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from octopus.cli.output import (
    AsOption,
    JsonOption,
    print_fields,
    print_json,
    print_line,
    print_reply,
    print_table,
)
from octopus.cli.plans import (
    DryRunOption,
    YesOption,
    ask,
    print_account_plan,
    print_contents,
    require_an_answer,
)
from octopus.cli.session import Session, open_session
from octopus.cli.times import shown_minute
from octopus.errors import OctopusError

app = typer.Typer(
    help="Show your account, move it to another identity, wipe or delete it.", no_args_is_help=True
)


@app.command()
def show(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Show what your account is and has, and what others let you do."""
    reply = open_session(as_name).call("GET", "account")
    if as_json:
        print_json(reply)
        return
    use = reply["use"]
    print_line(reply["message"])
    fields = [
        ("namespace", f"{name}: {', '.join(topics) or 'no topics'}")
        for name, topics in reply["namespaces"].items()
    ]
    fields += [("keys, sessions", f"{use['keys']}, {use['sessions']}")]
    fields += [("linked identity", f"{one['id']} {one['name'] or ''}") for one in reply["linked"]]
    print_fields(fields)
    held = [*reply["memberships"], *reply["grants"]]
    if held:
        print_table(
            ["namespace", "topic", "right", "until (UTC)", "through"],
            [
                [one["namespace"], one["topic"], one["right"], shown_minute(one["until"]), _way(one)]
                for one in held
            ],
        )


@app.command()
def move(
    old_name: Annotated[
        str | None, typer.Option("--from", metavar="NAME", help="The old identity, of the stand-in.")
    ] = None,
    token_file: Annotated[
        typer.FileText | None,
        typer.Option("--token-file", metavar="FILE", help="Holds a token of the old identity; - for input."),
    ] = None,
    yes: YesOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over all that another identity of yours has; without --from or --token-file, log in as it."""
    require_an_answer(yes=yes, as_json=as_json)
    session = open_session(as_name)
    token = _old_token(old_name, token_file)
    old = Session(subject="", authorization=f"Bearer {token}", url=session.url)
    if not yes:
        found = old.call("GET", "account")
        held = len(found["memberships"]) + len(found["grants"])
        print_line(f"{found['subject']} {found['name'] or ''}".rstrip())
        for name, topics in found["namespaces"].items():
            print_line(f"  namespace {name}: {', '.join(topics) or 'no topics'}")
        print_line(f"  {held} grants and memberships; its {found['use']['keys']} keys end")
        ask(f"Move all of it to {session.subject}?")
    print_reply(session.call("POST", "account/move", {"token": token}), as_json)


@app.command()
def wipe(
    namespace: Annotated[
        str | None, typer.Argument(metavar="[NAMESPACE]", help="Your own one, unless you have more.")
    ] = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete all topics of a namespace with their records, its consumer groups and the grants on it."""
    require_an_answer(yes=yes, dry_run=dry_run, as_json=as_json)
    session = open_session(as_name)
    named = {"namespace": namespace} if namespace else {}
    if dry_run or not yes:
        reply = session.call("POST", f"account/wipe?{urlencode({**named, 'dry_run': 'true'})}")
        print_reply(reply, as_json)
        if not as_json:
            print_contents(reply["namespace"], reply["contents"])
        if dry_run:
            return
        ask()
    reply = session.call("POST", f"account/wipe?{urlencode(named)}")
    print_reply(reply, as_json)
    if reply["groups_in_use"] and not as_json:
        print_line(f"Left, because consumers are in them: {', '.join(reply['groups_in_use'])}")


@app.command()
def delete(
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", metavar="NAME", help="A further namespace, and not the account."),
    ] = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete your account with everything in your namespaces, or a further namespace alone."""
    require_an_answer(yes=yes, dry_run=dry_run, as_json=as_json)
    session = open_session(as_name)
    path = "account" if namespace is None else f"account/namespaces/{quote(namespace, safe='')}"
    if dry_run or not yes:
        reply = session.call("DELETE", f"{path}?dry_run=true")
        plan = reply.get("plan")
        print_reply(reply, as_json)
        if plan and not as_json:
            print_account_plan(plan)
        elif not as_json:
            print_contents(reply["namespace"], reply["contents"])
        if dry_run:
            return
        if plan and plan["hindrances"]:
            raise OctopusError("Nothing was deleted.")
        ask()
    print_reply(session.call("DELETE", path), as_json)


def _old_token(old_name: str | None, token_file: typer.FileText | None) -> str:
    if old_name is not None and token_file is not None:
        raise typer.BadParameter("name the old identity by --from or --token-file: one of the two")
    if token_file is not None:
        return token_file.read().strip()
    if old_name is not None:
        return open_session(old_name).authorization.removeprefix("Bearer ")

    from octopus.cli.globus_login import log_in_once

    return log_in_once().removeprefix("Bearer ")


def _way(held: dict[str, Any]) -> str:
    if held["through_group"]:
        return f"group {held['group_name'] or held['through_group']}"
    return f"identity {held['through_identity']}" if held["through_identity"] else "-"
