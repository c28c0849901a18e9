"""What a check is, what it finds, and going through a list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import structlog

_log = structlog.get_logger(__name__)

Case = TypeVar("Case")


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What a check saw, in a sentence; with the fix, in another, when it failed."""

    status: Status
    detail: str
    fix: str | None = None


@dataclass(frozen=True)
class Check(Generic[Case]):
    """One question about a case."""

    name: str
    title: str
    ask: Callable[[Case], Finding]
    needs: tuple[str, ...] = ()
    """Names of checks without whose success this one makes no sense."""


@dataclass(frozen=True)
class Result:
    """A check and its finding."""

    name: str
    title: str
    finding: Finding


class NotKnownError(Exception):
    """A check cannot be made, for want of something that is nobody's fault; the text says what."""


def ok(detail: str) -> Finding:
    """All is well."""
    return Finding(Status.OK, detail)


def failed(detail: str, fix: str) -> Finding:
    """Something is wrong, and this is what to do."""
    return Finding(Status.FAILED, detail, fix)


def skipped(reason: str) -> Finding:
    """The check was not made."""
    return Finding(Status.SKIPPED, reason)


def examine(checks: Sequence[Check[Case]], case: Case) -> Iterator[Result]:
    """Each check's result, in order; a check whose needs did not succeed is skipped and says so."""
    found: dict[str, Finding] = {}
    for check in checks:
        missing = [name for name in check.needs if found[name].status is not Status.OK]
        if missing:
            titles = {one.name: one.title for one in checks}
            reasons = ", ".join(f"{titles[name]!r} {found[name].status}" for name in missing)
            finding = skipped(f"because {reasons}")
        else:
            finding = _asked(check, case)
        found[check.name] = finding
        yield Result(check.name, check.title, finding)


def _asked(check: Check[Case], case: Case) -> Finding:
    try:
        return check.ask(case)
    except NotKnownError as error:
        return skipped(str(error))
    except Exception as error:  # noqa: BLE001 - a check that breaks must not hide what the next ones find
        _log.debug("doctor.broken", check=check.name, exc_info=error)
        return failed(
            f"the check itself broke: {type(error).__name__}: {error}",
            "please report this with the line above; it says nothing about the fabric yet",
        )
