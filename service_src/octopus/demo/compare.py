"""Compares two folders file by file and hash by hash."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How a mirror differs from its original; paths are below both."""

    files: int
    """In the original."""
    bytes: int
    """In the original's files."""
    directories: int
    """In the original."""
    same: int
    """Files with the same SHA-256 at the same path."""
    different: list[str]
    """Same path, other content or other kind."""
    missing: list[str]
    """Files and directories that the mirror lacks."""
    extra: list[str]
    """Files and directories that only the mirror has."""

    @property
    def equal(self) -> bool:
        """Whether there is no difference at all."""
        return not (self.different or self.missing or self.extra)


def compare(original: Path, mirror: Path) -> Comparison:
    """Read both folders from the disk, every byte, and compare them."""
    here, there = _hashes(original), _hashes(mirror)
    files = [path for path, sha256 in here.items() if sha256 is not None]
    return Comparison(
        files=len(files),
        bytes=sum((original / path).stat().st_size for path in files),
        directories=len(here) - len(files),
        same=sum(path in there and there[path] == here[path] for path in files),
        different=sorted(path for path in here.keys() & there.keys() if here[path] != there[path]),
        missing=sorted(here.keys() - there.keys()),
        extra=sorted(there.keys() - here.keys()),
    )


def _hashes(root: Path) -> dict[str, str | None]:
    """Each path below ``root`` with its SHA-256; None for a directory."""
    found: dict[str, str | None] = {}
    for folder, folders, names in os.walk(root):
        for name in folders:
            found[os.path.relpath(Path(folder, name), root)] = None
        for name in names:
            path = Path(folder, name)
            with path.open("rb") as file:
                found[os.path.relpath(path, root)] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
