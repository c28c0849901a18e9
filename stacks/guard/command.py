"""``scripts/replacement-guard``: whether an update from the last release replaces what holds state."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

from stacks.guard import acknowledged, changes, installations, release
from stacks.guard.acknowledged import Acknowledgement, AcknowledgementError
from stacks.guard.changes import Change
from stacks.guard.release import Release
from stacks.settings import SettingsError

_ADVICE = """
Undo what is not meant. What is meant goes, with its reason and a last day, into {path}:

  [[change]]
  kind = "{change.kind}"
  resource = "{change.resource}"
  what = "{change.what}"
  reason = "..."
  until = {until}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what an update would do and return the exit status: 1 when it must not, 2 for what is unread."""
    parser = argparse.ArgumentParser(
        prog="scripts/replacement-guard",
        description="Compare what this tree would install with the last release, by its settings.",
    )
    parser.add_argument("name", nargs="*", help="settings to compare (default: all that the release has)")
    parser.add_argument(
        "--releases", type=Path, default=release.RELEASES, metavar="FOLDER", help=argparse.SUPPRESS
    )
    given = parser.parse_args(arguments)
    today = datetime.datetime.now(datetime.UTC).date()
    path = given.releases / "acknowledged.toml"
    try:
        last = release.last(given.releases)
        meant = acknowledged.read(path, today=today)
        found = _found(last, given.name or list(last.installations))
    except (FileNotFoundError, KeyError, SettingsError, AcknowledgementError) as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 2
    against = {change: objection(change, names, meant, today) for change, names in found.items()}
    failed = [text for text in against.values() if text]
    if not given.name:
        failed += [
            f"acknowledged, and no such change: {one.kind} {one.resource} {one.what};"
            f" take it out of {path.name}"
            for one in meant
            if not any(one.covers(change) for change in found)
        ]
    for text in failed:
        sys.stdout.write(f"{text}\n")
    if not failed:
        passed = f", but what {path.name} lets pass" if found else ""
        sys.stdout.write(
            f"An update from {last.version} replaces and removes nothing that holds state{passed}.\n"
        )
        return 0
    until = today + datetime.timedelta(days=acknowledged.LONGEST_DAYS)
    for change in [change for change, text in against.items() if text][:1]:
        sys.stdout.write(_ADVICE.format(path=f"releases/{path.name}", change=change, until=until))
    return 1


def _found(last: Release, names: Sequence[str]) -> dict[Change, list[str]]:
    """Return every change, with the names of the settings that show it.

    Raises:
        KeyError: the release has no settings of that name.
        SettingsError: what installs the last release is refused now.
    """
    found: dict[Change, list[str]] = {}
    for name in names:
        if name not in last.installations:
            raise KeyError(f"Release {last.version} has no settings {name}: {', '.join(last.installations)}.")
        was = last.installations[name]
        try:
            now = release.of_templates(installations.synthesize(was.settings))
        except SettingsError as error:
            raise SettingsError(f"{name}, which installs {last.version}, is refused now: {error}") from None
        for change in changes.between(was.stacks, now):
            found.setdefault(change, []).append(name)
    return found


def objection(
    change: Change, names: Sequence[str], meant: Sequence[Acknowledgement], today: datetime.date
) -> str:
    """Return what there is to say against a change; nothing for one that is acknowledged."""
    text = f"{change.kind}: {change.resource}: {change.says} [{', '.join(names)}]"
    ends = [one.until for one in meant if one.covers(change)]
    if not ends:
        return text
    return "" if max(ends) >= today else f"{text}\n  It was acknowledged until {max(ends)}, which has passed."


if __name__ == "__main__":
    sys.exit(main())
