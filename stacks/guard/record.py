"""``scripts/record-release``: what the next changes are compared with."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stacks.guard import command, installations, release
from stacks.guard.release import Installation, Release

_ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files of a release of the last commit and return the exit status.

    It is 2 when there is no such release to record, and 1 where the guard does not let an update from the
    one before pass: once recorded, nothing would object any more.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/record-release",
        description="Write below releases/ what the last commit's stacks hold, to compare later ones with.",
    )
    parser.add_argument("version", help="as 1.2.3")
    parser.add_argument(
        "--releases", type=Path, default=release.RELEASES, metavar="FOLDER", help=argparse.SUPPRESS
    )
    given = parser.parse_args(arguments)
    if not re.fullmatch(r"\d+\.\d+\.\d+", given.version):
        sys.stderr.write(f"A version is three numbers with dots between, not {given.version!r}.\n")
        return 2
    if (given.releases / given.version).exists():
        sys.stderr.write(f"Release {given.version} is recorded already, and never changes.\n")
        return 2
    if _git("status", "--porcelain", "--untracked-files=no"):
        sys.stderr.write("Commit first: a release is of a commit, and files have changed since the last.\n")
        return 2
    if release.any_in(given.releases) and command.main(["--releases", str(given.releases)]):
        sys.stderr.write(f"Release {given.version} is not recorded, as the guard does not let it pass.\n")
        return 1
    made = {
        name: Installation(settings, release.of_templates(installations.synthesize(settings)))
        for name, settings in installations.known().items()
    }
    commit = _git("rev-parse", "HEAD")
    folder = release.write(Release(given.version, commit, made), given.releases)
    sys.stdout.write(
        f"{folder} holds {len(made)} installations.\nCommit it, and: git tag -a v{given.version} {commit}\n"
    )
    return 0


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=_ROOT, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
