"""``octopus status --remote``: what a fabric says of itself to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import typer

from octopus.cli.output import print_json, print_line, print_table
from octopus.cli.times import shown_second
from octopus.errors import OctopusError

_SECONDS = 35
"""Longer than any gateway waits, so that its answer is what a person sees."""
_WORKS = {True: "yes", False: "NO", None: "not known"}


def show(url: str, *, as_json: bool) -> None:
    """Print what works at a fabric, without a login; the exit status is 1 unless everything does.

    Args:
        url: of the fabric.

    Raises:
        OctopusError: it gave no status.
    """
    status = _ask(url.rstrip("/"))
    if as_json:
        print_json(status)
    else:
        print_line(f"{url}: {status['message']} ({status['overall']})")
        print_table(
            ["part", "works", "since", "looked at"],
            [
                [each["part"], _WORKS[each["works"]], _time(each["since"]), _time(each["checked"])]
                for each in status["parts"]
            ],
        )
        newest = status["heartbeat"]
        print_line(
            f"The newest heartbeat went through at {shown_second(newest)} UTC."
            if newest
            else "No heartbeat has gone through yet."
        )
    if status["overall"] != "ok":
        raise typer.Exit(1)


def _time(text: str | None) -> str:
    return shown_second(text) if text else "-"


def _ask(url: str) -> Mapping[str, Any]:
    try:
        reply = httpx.get(f"{url}/api/v3/status", timeout=_SECONDS)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise OctopusError(
            f"No answer from {url} ({type(error).__name__}): it is down, or the address is not its own, or"
            " nothing leads there from this machine."
        ) from error
    try:
        answer = reply.json()
    except ValueError:
        answer = {}
    if not isinstance(answer, dict):
        answer = {}
    if reply.is_success and "overall" in answer:
        return answer
    if reply.status_code in (404, 401, 403) or reply.is_success:
        raise OctopusError(
            f"{url} is no Octopus fabric, or one of a release that has no status (HTTP {reply.status_code})."
        )
    raise OctopusError(f"{url} does not say: HTTP {reply.status_code} {answer.get('message', '')}".rstrip())
