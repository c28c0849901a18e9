"""Commands that take something away: a plan first, then a question, and no question for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from octopus.cli.output import print_line

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def require_an_answer(*, yes: bool, dry_run: bool = False, as_json: bool) -> None:
    """A program that reads JSON is asked nothing.

    Raises:
        typer.BadParameter: it would be.
    """
    if as_json and not (yes or dry_run):
        raise typer.BadParameter("--json wants --yes, or --dry-run where there is one")


def ask(question: str = "Go on?") -> None:
    """Go on if the person at the terminal says so.

    Raises:
        typer.Abort: he does not.
    """
    typer.confirm(question, abort=True, err=True)


def print_account_plan(plan: Mapping[str, Any]) -> None:
    """What goes with an account, and why it does not go."""
    for namespace, contents in plan["namespaces"].items():
        print_contents(namespace, contents)
    print_line(f"  {plan['keys']} keys, {plan['sessions']} sessions, {plan['received']} grants of others")
    for sentence in plan["hindrances"]:
        print_line(f"It will be refused: {sentence}")


def print_contents(namespace: str, contents: Mapping[str, Any]) -> None:
    """What of a namespace goes: its topics, its groups, and the grants on it, one by one or counted."""
    topics, groups = (", ".join(contents[kind]) or "-" for kind in ("topics", "groups"))
    print_line(f"  {namespace}: topics {topics}; groups {groups}")
    grants = contents["grants"]
    if isinstance(grants, int):
        print_line(f"    grants and memberships: {grants}")
        return
    for grant in grants:
        print_line(f"    {grant['topic']}: {grant['right']} of {grant['name'] or grant['to']}")
