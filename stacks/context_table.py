"""The tables of variables in ``docs/deploying.md``; ``python -m stacks.context_table`` prints them."""

from __future__ import annotations

import sys
from dataclasses import fields

from stacks.settings import GROUPS
from stacks.settings.presets import PRESETS, USUAL
from stacks.settings.variable import about


def render() -> str:
    """Return the tables as Markdown, a line for each variable, and last what each preset sets."""
    presets = ", ".join(f"`{name}`" for name in PRESETS)
    sections = [
        _table(
            "Where values come from",
            [
                ("settings_file", "none", "TOML file of variables, as `name = value`"),
                ("preset", USUAL, f"Values that go together: {presets}"),
            ],
        )
    ]
    for group in GROUPS:
        rows = [
            (variable.name, about(variable)["shown"] or "**required**", about(variable)["about"])
            for variable in fields(group)
        ]
        sections.append(_table((group.__doc__ or "").rstrip("."), rows))
    return "\n".join([*sections, _presets()])


def _table(title: str, rows: list[tuple[str, str, str]]) -> str:
    lines = [f"### {title}", "", "| variable | default | what it decides |", "|---|---|---|"]
    lines += [f"| `{name}` | {shown} | {decides} |" for name, shown, decides in rows]
    return "\n".join(lines) + "\n"


def _presets() -> str:
    names = dict.fromkeys(name for values in PRESETS.values() for name in values)
    lines = [
        "### Presets",
        "",
        f"| variable | {' | '.join(f'`{preset}`' for preset in PRESETS)} |",
        "|---|" + "---|" * len(PRESETS),
    ]
    for name in names:
        cells = [_shown(values.get(name)) for values in PRESETS.values()]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.stdout.write(render())
