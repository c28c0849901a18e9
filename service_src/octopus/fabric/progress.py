"""What a person sees while the fabric starts, stops and heals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn


@dataclass
class Progress:
    """Steps as lines on a terminal, or as a list when the caller wants JSON."""

    console: Console | None
    notes: list[str] = field(default_factory=list)
    """What the reader must know afterwards: what was lost, what was healed."""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show that ``title`` is under way, then how long it took."""
        started = time.monotonic()
        if self.console is None:
            yield
            return
        running = [SpinnerColumn(), TextColumn("{task.description} ..."), TimeElapsedColumn()]
        with Bar(*running, console=self.console, transient=True, disable=not self.console.is_terminal) as bar:
            bar.add_task(title)
            yield
        self.console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]")

    def note(self, text: str) -> None:
        """Say something that the reader must not miss."""
        self.notes.append(text)
        if self.console is not None:
            self.console.print(f"[yellow]![/] {text}")
