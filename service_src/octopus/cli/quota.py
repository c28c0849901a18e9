"""``octopus quota``: the caller's limits; ``octopus platform quota ...``: an operator sets somebody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import typer

from octopus.cli.operator import InstitutionOption, features_of
from octopus.cli.output import AsOption, JsonOption, print_json, print_line, print_table
from octopus.cli.session import open_session
from octopus.errors import InvalidError
from octopus.quotas.models import RATES, Holder, Limit

platform_app = typer.Typer(help="Limits of one user or project.", no_args_is_help=True)

WhoArgument = Annotated[
    str, typer.Argument(metavar="WHO", help="A user's Globus identity (UUID), or a project's name.")
]
_BYTES = (Limit.RETENTION_BYTES, Limit.PRODUCE_BYTES, Limit.CONSUME_BYTES)
_DEFAULT = "default"


def register(app: typer.Typer) -> None:
    """Add the command that everybody has."""
    app.command()(quota)


def quota(
    project: Annotated[str | None, typer.Option("--project", help="Of this project, not your own.")] = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how much you may take, and have taken: topics, bytes, rates."""
    path = "quota" if project is None else f"quota?project={quote(project, safe='')}"
    _print(open_session(as_name).call("GET", path), as_json)


@platform_app.command()
def show(who: WhoArgument, institution: InstitutionOption, as_json: JsonOption = False) -> None:
    """Show the limits of a user or a project, and what is in use."""
    holder = _holder(who)
    with features_of(institution) as features:
        quotas = features.quotas.of(holder)
    shown = {limit: one.model_dump() for limit, one in quotas.items()}
    _print({"status": "success", "message": f"Quotas of {holder.name}", "quotas": shown}, as_json)


@platform_app.command("set")
def set_limits(
    who: WhoArgument,
    limits: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=VALUE...",
            help=f"{', '.join(Limit)}; a whole number, for a rate 0 for no limit, or `{_DEFAULT}`.",
        ),
    ],
    institution: InstitutionOption,
    as_json: JsonOption = False,
) -> None:
    """Set limits of a user or a project; what is not named stays. Kafka has rates within 15 seconds."""
    holder, changes = _holder(who), _changes(limits)
    with features_of(institution) as features:
        kept = features.quotas.set(holder, changes)
    if as_json:
        print_json({"status": "success", "limits": kept})
    else:
        own = ", ".join(f"{limit} {value}" for limit, value in kept.items()) or "none"
        print_line(f"Limits of {holder.name} that are not everybody's: {own}")


def _holder(who: str) -> Holder:
    try:
        return Holder(str(UUID(who)), False)
    except ValueError:
        return Holder(who, True)


def _changes(limits: Sequence[str]) -> dict[Limit, int | None]:
    changes: dict[Limit, int | None] = {}
    for text in limits:
        name, _, value = text.partition("=")
        if name not in list(Limit):
            raise InvalidError(f"limit: must be one of {', '.join(Limit)}, received {name!r}")
        if value != _DEFAULT and not (value.isascii() and value.isdecimal()):
            raise InvalidError(f"{name}: must be a whole number or {_DEFAULT}, received {value!r}")
        changes[Limit(name)] = None if value == _DEFAULT else int(value)
    return changes


def _print(reply: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(reply)
        return
    rows = [
        [name, _amount(name, one["in_use"]), _most(name, one["limit"]), one["source"]]
        for name, one in reply["quotas"].items()
    ]
    print_table(["limit", "in use", "at most", "set by"], rows)


def _most(name: str, value: int) -> str:
    return "no limit" if value == 0 and Limit(name) in RATES else _amount(name, value)


def _amount(name: str, value: int | None) -> str:
    if value is None:
        return ""
    if Limit(name) not in _BYTES:
        return f"{value:,}"
    return f"{value / (1 << 20):,.0f} MiB"
