"""The AWS emulator's state on disk: what is live, and the copy of its last clean stop.

The emulator writes its state only when it is stopped cleanly (objects excepted, which it writes at once).
After anything else the two disagree, so neither is trusted: the copy is put back, or all is cleared.
"""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EmulatorState:
    """The folder ``aws`` of a fabric."""

    folder: Path

    @property
    def live(self) -> Path:
        """What the emulator reads when it starts and writes when it stops."""
        return self.folder / "live"

    @property
    def _clean(self) -> Path:
        return self.folder / "clean"

    @property
    def _fresh(self) -> Path:
        return self.folder / "clean.new"

    @property
    def _running(self) -> Path:
        return self.folder / "running"

    @property
    def _unhealed(self) -> Path:
        return self.folder / "unhealed"

    @property
    def unhealed(self) -> bool:
        """Whether an older state was put back, and what was lost by it is not set right yet."""
        return self._unhealed.exists()

    @property
    def restored_to(self) -> datetime.datetime | None:
        """Of a state that is unhealed: how far it went back; None when all was cleared."""
        when = self._unhealed.read_text()
        return datetime.datetime.fromisoformat(when) if when else None

    @property
    def unclean(self) -> bool:
        """Whether the emulator was started and never stopped cleanly."""
        return self._running.exists()

    @property
    def saved_at(self) -> datetime.datetime | None:
        """Time of the last clean stop, whose state is kept; None before the first."""
        try:
            return datetime.datetime.fromisoformat((self._clean / "saved-at").read_text())
        except FileNotFoundError:
            return None

    def mark_running(self) -> None:
        """Note, before the emulator starts, that what is on disk is no longer the truth."""
        (self.live / "state").mkdir(parents=True, exist_ok=True)
        (self.live / "s3").mkdir(parents=True, exist_ok=True)
        self._running.touch()

    def keep_clean(self) -> None:
        """Keep what the emulator has just written at a clean stop."""
        shutil.rmtree(self._fresh, ignore_errors=True)
        shutil.copytree(self.live, self._fresh)
        (self._fresh / "saved-at").write_text(datetime.datetime.now(datetime.UTC).isoformat())
        self._running.unlink(missing_ok=True)
        self._adopt_fresh()

    def restore(self) -> datetime.datetime | None:
        """Put the state of the last clean stop back, or clear everything when there was none.

        Returns:
            When that stop was; None when everything was cleared.
        """
        shutil.rmtree(self.live, ignore_errors=True)
        if (self._fresh / "saved-at").is_file():  # the last stop was ended between copy and rename
            self._adopt_fresh()
        saved_at = self.saved_at
        if saved_at is not None:
            shutil.copytree(self._clean, self.live)
        if not self.unhealed:  # else it goes back further: nobody finished with an earlier one
            self._unhealed.write_text(saved_at.isoformat() if saved_at is not None else "")
        self._running.unlink(missing_ok=True)
        return saved_at

    def mark_healed(self) -> None:
        """Note that what an older state had lost is set right."""
        self._unhealed.unlink(missing_ok=True)

    def _adopt_fresh(self) -> None:
        shutil.rmtree(self._clean, ignore_errors=True)
        self._fresh.rename(self._clean)
