"""The table of context variables in ``docs/deploying.md``: ``python -m stacks.context_table`` prints it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields

from stacks.settings import PRESETS, Settings


def render() -> str:
    """Return the table as Markdown, a line for each variable, in the order of :class:`Settings`."""
    lines = ["| variable | default | what it decides |", "|---|---|---|"]
    for variable in fields(Settings):
        about: Mapping[str, str] = variable.metadata
        lines.append(f"| `{variable.name}` | {about['shown'] or '**required**'} | {about['about']} |")
    presets = ", ".join(f"`{name}`" for name in PRESETS)
    lines.append(
        f"| `preset` | none | Values that go together; what is given beside it goes first: {presets} |"
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
