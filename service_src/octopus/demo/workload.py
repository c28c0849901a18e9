"""What is done to the watched folder: real files are copied in, and some renamed, changed and deleted."""

from __future__ import annotations

import os
import shutil
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from octopus.demo.errors import DemoError

FILES = 1200
LARGEST = 1024 * 1024
"""Bytes. Larger files are left out, so that the job is about many files and not about one."""

_CHANGES = 120
"""How many files are renamed, and how many are changed."""
_PACE_S = 0.004
"""Between two changes: an instrument has a rhythm, and a latency says little when all waits in one queue."""


@dataclass
class Phase:
    """One kind of work, and when it was done."""

    title: str
    began_ns: int
    files: int = 0
    """How many files the work touched, those in renamed and deleted directories too."""
    ended_ns: int = 0


@dataclass
class Workload:
    """Works on ``folder`` in the same way each time; ``phases`` says what was done when."""

    folder: Path
    phases: list[Phase] = field(default_factory=list)

    def copy(self) -> list[Path]:
        """Copy the files, as fast as the disk takes them; returns their paths below the folder."""
        copied = []
        with self._phase("copied") as phase:
            for root, relative in choose_files():
                target = self.folder / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / relative, target)
                copied.append(relative)
            phase.files = len(copied)
        return copied

    def rename(self) -> Path:
        """Rename single files, in place and into a new directory, and the directory with the most files.

        Returns:
            The last new path.
        """
        with self._phase("renamed") as phase:
            archived = self.folder / "archived"
            archived.mkdir()
            for number, path in enumerate(self._every(_CHANGES)):
                target = path.with_name(f"renamed-{path.name}")
                if number % 3 == 0:
                    target = archived / f"{number:04}-{path.name}"
                path.rename(target)
                phase.files += 1
                time.sleep(_PACE_S)
            fullest, count = self._directories()[-1]
            phase.files += count
            renamed = fullest.with_name(f"{fullest.name}-renamed")
            return fullest.rename(renamed)

    def modify(self) -> None:
        """Change files in the three ways that programs have: append, write anew, replace by another file."""
        with self._phase("changed") as phase:
            for number, path in enumerate(self._every(_CHANGES)):
                text = f"\n# measured again: {number}\n".encode()
                if number % 3 == 0:
                    with path.open("ab") as file:
                        file.write(text)
                elif number % 3 == 1:
                    path.write_bytes(text + path.read_bytes())
                else:
                    replacement = path.with_name(f"{path.name}.new")
                    replacement.write_bytes(path.read_bytes()[::-1] + text)
                    replacement.replace(path)
                phase.files += 1
                time.sleep(_PACE_S)

    def delete(self) -> Path:
        """Delete single files, and a small directory with all that is in it; returns the last one deleted."""
        with self._phase("deleted") as phase:
            for path in self._every(_CHANGES // 2):
                path.unlink()
                phase.files += 1
                time.sleep(_PACE_S)
            smallest, count = next(entry for entry in self._directories() if entry[1] >= 3)
            shutil.rmtree(smallest)
            phase.files += count
        return smallest

    @contextmanager
    def _phase(self, title: str) -> Iterator[Phase]:
        phase = Phase(title, time.time_ns())
        self.phases.append(phase)
        yield phase
        phase.ended_ns = time.time_ns()

    def _every(self, count: int) -> list[Path]:
        """``count`` files, spread evenly over the folder; other ones for each phase."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return _spread(files, count, first=len(self.phases))

    def _directories(self) -> list[tuple[Path, int]]:
        """Directories at the top, and how many files are below each; the one with the fewest first."""
        counts: Counter[Path] = Counter()
        for path in self.folder.rglob("*"):
            if path.is_file() and len(path.relative_to(self.folder).parts) > 1:
                counts[self.folder / path.relative_to(self.folder).parts[0]] += 1
        return sorted(counts.items(), key=lambda entry: (entry[1], entry[0]))


def choose_files() -> list[tuple[Path, Path]]:
    """1,200 real files: of Python's standard library, and of installed packages when it has too few.

    Returns:
        For each, the folder it is from and its path below that.

    Raises:
        DemoError: there are too few.
    """
    roots = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))]
    found: dict[Path, Path] = {}
    for root in roots:
        for relative in _files(root):
            found.setdefault(relative, root)
        if len(found) >= FILES:
            break
    if len(found) < FILES:
        raise DemoError(f"Only {len(found)} files to copy were found in {roots[0]} and {roots[1]}.")
    return [(found[relative], relative) for relative in _spread(sorted(found), FILES)]


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - {"__pycache__", "site-packages", "dist-packages"})
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST:
                yield path.relative_to(root)


def _spread(paths: list[Path], count: int, *, first: int = 0) -> list[Path]:
    step = len(paths) / count
    return [paths[min(int(number * step) + first, len(paths) - 1)] for number in range(count)]
