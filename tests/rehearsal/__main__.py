"""``scripts/rehearse-upgrade``: the last release, then this tree on its state, then the release again."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from octopus.fabric.supervision import wait_until
from stacks.guard import release
from tests.integration.cluster.traffic import Reader, Writer
from tests.patience import PATIENCE_S
from tests.rehearsal import content, snapshot
from tests.rehearsal.content import Person
from tests.rehearsal.errors import RehearsalError
from tests.rehearsal.snapshot import Snapshot
from tests.rehearsal.tree import ROOT, State, Tree, installed

_STEADY = "steady"
"""Topic of the client that runs all the time."""
_BETWEEN_WRITES_S = 0.1
_AWAY_S = 1800
"""For which the client that runs all the time waits while no broker runs: a busy machine deploys slowly."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse, print what came of it, and return the exit status: 1 when something was lost."""
    given = _arguments(arguments)
    try:
        figures = rehearse(given)
    except RehearsalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{json.dumps(figures, indent=1)}\n")
    return 1 if figures["lost"] else 0


def rehearse(given: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of an upgrade and of the way back; ``lost`` says, in sentences, what was not kept.

    Raises:
        RehearsalError: it could not be made.
    """
    last = release.last()
    folder = given.folder.resolve()
    began = time.monotonic()
    _told(f"Installing {last.version}")
    old_root = installed(last.commit, folder)
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    state = State.empty(home)
    old, new = Tree(last.version, old_root, state), Tree("head", ROOT, state)
    figures: dict[str, Any] = {"from": last.version, "commit": last.commit, "seconds": {}, "lost": []}
    with _brought_down(old, new):
        figures["seconds"]["first up"] = round(_up(old), 1)
        people = _fill(old, given)
        before = _look(people, state, "before")
        figures |= {
            "people": len(people),
            "records": before.count,
            "grants": sum(len(seen["grants"]) for seen in before.seen.values()),
            "read through grants": sum(
                len(found)
                for (reader, topic), found in before.records.items()
                if not topic.startswith(reader)
            ),
        }
        with _running(people[0], state) as (writer, goes_on):
            for step, leaving, coming in (("upgrade", old, new), ("back", new, old)):
                gaps = len(writer.gaps)
                figures["seconds"][step] = _change(leaving, coming)
                goes_on()
                content.ask_again(people, state)
                after = _look(people, state, step)
                figures["lost"] += [f"{step}: {loss}" for loss in snapshot.losses(before, after)]
                figures[f"rights that {step} gave to all"] = sorted(snapshot.added_for_all(before, after))
                figures[f"gaps of the steady client, {step}"] = [round(gap, 1) for gap in writer.gaps[gaps:]]
                # With every old key, under this version; what was there before stays what is compared.
                content.write(people, len(people), state)
                if coming is new:
                    later = content.people(new, ["later-1", "later-2"])
                    content.write(later, 100, state)
                    made = _look(later, state, "made by head")
            kept = _look(later, state, "made by head, seen by the release")
            figures["lost"] += [f"made by head: {loss}" for loss in snapshot.losses(made, kept)]
            figures["steady client"] = {"acknowledged": len(writer.acknowledged)}
    figures["minutes"] = round((time.monotonic() - began) / 60, 1)
    return figures


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/rehearse-upgrade",
        description="Upgrade a fabric of the last release to this tree, and back, with people, grants and"
        " records in it; say what differs afterwards.",
    )
    parser.add_argument("--people", type=int, default=50, help="accounts, each with a key and a topic")
    parser.add_argument("--grants", type=int, default=200, help="of these people to each other")
    parser.add_argument("--records", type=int, default=10_000, help="in their topics together")
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / ".cache" / "rehearsal",
        help="for the release's environments, which are kept, and for the fabric's state",
    )
    given = parser.parse_args(arguments)
    if given.people < 2 or given.grants > given.people * (given.people - 1):
        parser.error("at least two people are needed, and each shares with each other once at most")
    return given


@contextlib.contextmanager
def _brought_down(*trees: Tree) -> Iterator[None]:
    """Leave nothing running, whichever version runs at the end."""
    with contextlib.ExitStack() as ending:
        for tree in trees:
            ending.callback(tree.octopus, "down")
        yield


def _fill(tree: Tree, given: argparse.Namespace) -> list[Person]:
    _told(f"Making {given.people} accounts, {given.grants} grants, {given.records} records")
    people = content.people(tree, [f"person-{number:03}" for number in range(given.people)])
    people[0].session(tree.state).call("POST", f"{people[0].namespace}/{_STEADY}")
    content.share(people, given.grants, tree.state)
    content.write(people, given.records, tree.state)
    return people


def _look(people: Sequence[Person], state: State, when: str) -> Snapshot:
    _told(f"Looking at all of it: {when}")
    return snapshot.take(people, state)


@contextlib.contextmanager
def _running(person: Person, state: State) -> Iterator[tuple[Writer, Callable[[], None]]]:
    """Write and read all the time with one key; every acknowledged record must have been read at the end."""
    topic = f"{person.namespace}.{_STEADY}"
    settings = person.kafka(state)
    with Reader(settings, topic, f"{person.namespace}.{_STEADY}") as reader:
        with Writer(settings, topic, pause_seconds=_BETWEEN_WRITES_S, patience_seconds=_AWAY_S) as writer:

            def goes_on() -> None:
                before = len(writer.acknowledged)
                wait_until(
                    lambda: len(writer.acknowledged) > before, seconds=PATIENCE_S, what="The steady client"
                )
                reader.await_all(list(writer.acknowledged))

            yield writer, goes_on
        reader.await_all(writer.acknowledged)


def _change(leaving: Tree, coming: Tree) -> dict[str, float]:
    _told(f"From {leaving.version} to {coming.version}")
    return {"down": round(leaving.timed("down"), 1), "up": round(_up(coming), 1)}


def _up(tree: Tree) -> float:
    return tree.timed("up")


def _told(sentence: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
