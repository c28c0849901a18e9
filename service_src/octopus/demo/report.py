"""What the job says at its end: what happened, how fast, what was refused, and where to look next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from octopus.demo.compare import Comparison
from octopus.demo.intruder import Attempt
from octopus.demo.mirror import Receipt
from octopus.demo.workload import Phase
from octopus.fabric.settings import FabricSettings

_LEAST = 1000
"""Files that must have come through for the job to say anything."""
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that is known at the job's end."""

    phases: list[Phase]
    receipts: list[Receipt]
    acknowledged: int
    """Events, by the brokers to the producer."""
    losses: int
    """How often the kernel dropped notices, so that the instrument looked at everything again."""
    comparison: Comparison
    attempts: list[Attempt]

    def failures(self) -> list[str]:
        """Why the job failed; nothing when it did what it should."""
        found = []
        copied = self.phases[0].files
        if min(copied, self.comparison.files) < _LEAST:
            found.append(f"{copied} files were copied and {self.comparison.files} left: under {_LEAST}")
        if not self.comparison.equal:
            found.append("the mirror differs from the watched folder")
        if len(self.receipts) != self.acknowledged:
            found.append(f"{self.acknowledged} events were acknowledged and {len(self.receipts)} received")
        found += [f"somebody else could {attempt.what}" for attempt in self.attempts if not attempt.refused]
        return found


def print_report(
    outcome: Outcome, *, console: Console, settings: FabricSettings, topic: str, up: bool
) -> None:
    """Print the tables.

    Args:
        outcome: what happened.
        console: where to.
        settings: the fabric's, for where to look next.
        topic: under its name in Kafka.
        up: whether the fabric stays up.
    """
    console.print()
    console.print(_work(outcome))
    console.print()
    _print_comparison(outcome, console)
    console.print()
    console.print(_refusals(outcome.attempts))
    console.print()
    console.print(_next(settings, topic, up=up))
    console.print()
    for failure in outcome.failures():
        console.print(f"[bold red]Failed:[/] {failure}")
    if not outcome.failures():
        console.print(
            f"[bold green]Done:[/] {outcome.comparison.same} of {outcome.comparison.files} files are the "
            f"same, and {len(outcome.attempts)} of {len(outcome.attempts)} attempts were refused."
        )


def _work(outcome: Outcome) -> Table:
    table = _table("What happened in the watched folder, and how fast it was in the mirror")
    for column in ("", "files", "events", "MB", "s", "events/s", "MB/s", "median ms", "p99 ms"):
        table.add_column(column, justify="right" if column else "left")
    changes = [receipt for receipt in outcome.receipts if not receipt[3].startswith("run.")]
    starts = [phase.began_ns for phase in outcome.phases]
    total = 0.0
    for phase, ends in zip(outcome.phases, [*starts[1:], math.inf], strict=True):
        seen = [receipt for receipt in changes if phase.began_ns <= receipt[0] < ends]
        arrived = max((at + latency for at, latency, _, _ in seen), default=phase.ended_ns)
        seconds = (arrived - phase.began_ns) / 1e9
        total += seconds
        table.add_row(phase.title, str(phase.files), *_speed(seen, seconds))
    table.add_section()
    table.add_row("all", str(sum(phase.files for phase in outcome.phases)), *_speed(changes, total))
    table.caption = (
        "s: from the first change to the last event's arrival. Latency: from the file system's event to the "
        "mirror's receipt of the record; the copies come at once and wait in line, the others one by one."
    )
    return table


def _speed(receipts: Sequence[Receipt], seconds: float) -> list[str]:
    if not receipts:
        return ["0", "0", "-", "-", "-", "-", "-"]
    megabytes = sum(size for _, _, size, _ in receipts) / 1e6
    latencies = sorted(latency / 1e6 for _, latency, _, _ in receipts)
    return [
        str(len(receipts)),
        f"{megabytes:.1f}",
        f"{seconds:.2f}",
        f"{len(receipts) / seconds:.0f}",
        f"{megabytes / seconds:.1f}",
        f"{percentile(latencies, 50):.1f}",
        f"{percentile(latencies, 99):.1f}",
    ]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the sorted ``values`` that ``percent`` of them do not exceed (nearest rank)."""
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _print_comparison(outcome: Outcome, console: Console) -> None:
    comparison = outcome.comparison
    table = _table("The mirror against the watched folder, by SHA-256")
    for column in ("files", "MB", "directories", "same", "different", "missing", "extra"):
        table.add_column(column, justify="right")
    differing = [comparison.different, comparison.missing, comparison.extra]
    table.add_row(
        str(comparison.files),
        f"{comparison.bytes / 1e6:.1f}",
        str(comparison.directories),
        f"[green]{comparison.same}[/]" if comparison.equal else str(comparison.same),
        *(f"[red]{len(paths)}[/]" if paths else "0" for paths in differing),
    )
    table.caption = (
        f"{outcome.acknowledged} events acknowledged by the brokers, {len(outcome.receipts)} received"
    )
    if outcome.losses:
        table.caption += (
            f"; the kernel dropped notices {outcome.losses} times, and everything was looked at again"
        )
    console.print(table)
    for title, paths in zip(("different", "missing", "extra"), differing, strict=True):
        for path in paths[:_SHOWN]:
            console.print(f"  {title}: {path}", markup=False)
        if len(paths) > _SHOWN:
            console.print(f"  and {len(paths) - _SHOWN} more {title}")


def _refusals(attempts: Sequence[Attempt]) -> Table:
    table = _table("What mallory tried on alice's topic, with a valid key of her own")
    for column in ("", "attempt", "through", "answer"):
        table.add_column(column, overflow="fold")
    for attempt in attempts:
        verdict = "[green]refused[/]" if attempt.refused else "[bold red]NOT REFUSED[/]"
        table.add_row(verdict, attempt.what, attempt.through, attempt.answer)
    return table


def _next(settings: FabricSettings, topic: str, *, up: bool) -> Table:
    table = _table("Where to look next")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.show_header = False
    octopus = ".venv/bin/octopus"
    if not up:
        table.add_row(f"{octopus} up", "start the fabric again; the topic and its records are kept")
    table.add_row(f"{octopus} status", "its processes, their ports and whether they are ready")
    table.add_row(f"{settings.service_url}/docs", "the API, to read and to try, while the fabric is up")
    table.add_row(f"{octopus} topic list --as alice", f"alice's topics; this run's events are in {topic}")
    table.add_row(f"{octopus} logs audit", "what the broker refused to whom, and why")
    table.add_row(f"{octopus} logs broker", "what it says; likewise service, judge, globus, emulator")
    table.add_row(str(_shown(settings.home / "demo")), "the watched folder, the mirror, their logs")
    table.add_row("service_src/octopus/demo/events.py", "the event format")
    table.add_row("README.md", "how to use it with your own programs, and how to install it at AWS")
    return table


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
