"""``octopus audit``, for whoever it concerns; ``octopus platform audit | ship-audit``, for operators."""

from __future__ import annotations

import re
import shutil
import textwrap
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from octopus.cli.operator import InstitutionOption, features_of, settings_of
from octopus.cli.output import AsOption, JsonOption, print_error, print_json, print_line
from octopus.cli.session import open_session
from octopus.cli.times import moment, shown_second

SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="2026-11-22, 2026-11-22T12:00Z, or 90m, 12h, 7d ago."),
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Likewise.")]
TypeOption = Annotated[
    str | None,
    typer.Option("--type", metavar="TYPE", help="Such as topic.created, or topic for all of a topic's."),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="The newest so many.")]

_A_PAGE = 1000
_NEW_LINES_EVERY_S = 2.0
_AGAIN_S = 30.0
_UNDER = " " * 21
"""Details stand below what happened, not below its time."""
_UUID = re.compile(r"\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_AGO = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def register(app: typer.Typer, platform: typer.Typer) -> None:
    """Add these commands to the command line's root, and to the operator's."""
    app.command()(audit)
    platform.command("audit")(of_fabric)
    platform.command("ship-audit")(ship)


def audit(
    place: Annotated[
        str | None,
        typer.Argument(metavar="[NAMESPACE[.TOPIC]]", help="Of which you manage something; else: you."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    type_: TypeOption = None,
    limit: LimitOption = 100,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was changed by whom, and what Kafka refused to whom, the newest first.

    Without a place, what concerns you: your account, your keys, what was shared with you, and what you were
    refused.
    """
    session = open_session(as_name)
    namespace, _, topic = (place or "").partition(".")
    asked = {
        "namespace": namespace,
        "topic": topic,
        "since": _moment(since),
        "until": _moment(until),
        "type": type_,
    }
    given = {name: _text(value) for name, value in asked.items() if value}

    def page(after: str | None, most: int) -> dict[str, Any]:
        behind = {"after": after} if after else {}
        return session.call("GET", f"audit?{urlencode({**given, **behind, 'limit': most})}")

    _show(_newest(page, limit), as_json)


def of_fabric(
    institution: InstitutionOption,
    namespace: Annotated[str | None, typer.Option("--namespace", help="Only of this one.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="UUID", help="Only what concerns this identity.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    type_: TypeOption = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """Show what happened to anybody, the newest first; it takes AWS rights on the registry."""
    from octopus.audit.models import AuditReply  # late, as whatever the web service is made of
    from octopus.audit.reading import Query

    begin, end = _moment(since), _moment(until)
    with features_of(institution) as features:

        def page(after: str | None, most: int) -> dict[str, Any]:
            query = Query(since=begin, until=end, type=type_, limit=most, after=after)
            found = features.audit.of_fabric(query, namespace=namespace, subject=subject)
            return AuditReply.of(found).model_dump(mode="json")

        events = _newest(page, limit)
    _show(events, as_json)


def ship(
    logs: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Audit logs of brokers on this host.")
    ],
    institution: InstitutionOption,
    once: Annotated[bool, typer.Option("--once", help="End when everything is shipped.")] = False,
) -> None:
    """Carry what brokers on this host refused into the audit, and go on until stopped.

    For brokers that run elsewhere than the web service, which sees to those of its own host. Where it
    stopped, it goes on; nothing is recorded twice.
    """
    from octopus import aws  # late: it loads boto3
    from octopus.audit.denials import Denials
    from octopus.audit.trail import open_trail
    from octopus.registry.transactions import CUT_SHORT

    settings = settings_of(institution)
    denials = Denials(aws.dynamodb(), settings.registry_table, open_trail(settings), logs)
    while True:
        try:
            lines = denials.ship()
        except CUT_SHORT as error:
            if once:
                raise
            print_error(f"Not shipped, tried again in {_AGAIN_S:.0f} s: {error}")
            time.sleep(_AGAIN_S)
            continue
        if lines == 0:
            if once:
                break
            time.sleep(_NEW_LINES_EVERY_S)
    print_line(f"Shipped what is in {', '.join(map(str, logs))}")


def _newest(page: Callable[[str | None, int], Mapping[str, Any]], limit: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    after: str | None = None
    while len(events) < limit:
        reply = page(after, min(_A_PAGE, limit - len(events)))
        events += reply["events"]
        after = reply["next"]
        if after is None:
            break
    return events


def _show(events: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"status": "success", "events": events})
        return
    types = max((len(event["type"]) for event in events), default=0)
    width = shutil.get_terminal_size().columns
    for event in events:
        actor, about = _short(event["actor"]), _short(_about(event))
        line = f"{shown_second(event['time'])}  {event['type']:<{types}}  by {actor:<9}  {about}"
        print_line(line.rstrip())
        for part in textwrap.wrap(_short(_details(event)), width - len(_UNDER), break_on_hyphens=False):
            print_line(f"{_UNDER}{part}")


def _short(text: str) -> str:
    """Identities by their beginnings: a line has no room for more, and JSON has them whole."""
    return _UUID.sub(r"\1…", text)


def _about(event: Mapping[str, Any]) -> str:
    if event["namespace"] is None:
        return str(event["subject"] or "")
    return ".".join(name for name in (event["namespace"], event["topic"]) if name)


def _details(event: Mapping[str, Any]) -> str:
    shown = {name: value for name, value in event["data"].items() if value is not None}
    return ", ".join(f"{name} {value}" for name, value in shown.items())


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    ago = _AGO.fullmatch(text)
    if ago:
        return datetime.now(UTC) - int(ago[1]) * _UNITS[ago[2]]
    return datetime.fromisoformat(moment(text))


def _text(value: str | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else value
