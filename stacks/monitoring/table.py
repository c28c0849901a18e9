"""The tables in ``docs/monitoring.md``; ``python -m stacks.monitoring.table`` prints them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from stacks.monitoring.rule import EventRule, Rule, shown
from stacks.monitoring.rules import RULES
from stacks.monitoring.rules.events import EVENTS
from stacks.settings import Settings

_INSTALLATIONS = {
    **{
        preset: Settings.from_context({"institution": "example", "preset": preset})
        for preset in ("trial", "lab", "facility")
    },
    "Kafka of your own": Settings.from_context(
        {
            "institution": "example",
            "kafka": "external",
            "hosting": "external",
            "service_url": "https://octopus.example.org",
            "bootstrap_servers": "kafka.example.org:9098",
            "alarms": "full",
        }
    ),
}


def render() -> str:
    """Return the tables as Markdown: a line for each rule, and who has it."""
    return "\n".join(
        [
            _table("alarm", "when it goes off", [(rule, _says(rule)) for rule in RULES]),
            _table("event", "when it is told", [(rule, rule.says) for rule in EVENTS]),
        ]
    )


def _table(what: str, when: str, rows: Sequence[tuple[Rule | EventRule, str]]) -> str:
    lines = [
        f"| {what} | {when} | {' | '.join(_INSTALLATIONS)} |",
        "|---|---|" + "---|" * len(_INSTALLATIONS),
    ]
    for rule, says in rows:
        cells = ["x" if rule.holds(settings) else "" for settings in _INSTALLATIONS.values()]
        lines.append(f"| [`{rule.id}`](runbooks.md#{rule.id}) | {says} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _says(rule: Rule) -> str:
    holding = [each for each in _INSTALLATIONS.values() if rule.holds(each)] or [_INSTALLATIONS["lab"]]
    limits = dict.fromkeys(shown(rule.limit_for(settings)) for settings in holding)
    return rule.says.format(limit=" or ".join(limits))


if __name__ == "__main__":
    sys.stdout.write(render())
