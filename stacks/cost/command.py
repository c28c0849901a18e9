"""``scripts/cost``: what an installation costs in a month, before it is made."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from stacks.cost import bill, load, shown
from stacks.first_day import context
from stacks.settings import SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the bill and return the exit status: 2 for settings or a load that break a rule."""
    parser = context.parser(
        "cost", "Say what an installation with these settings costs on AWS in a month of a stated load."
    )
    parser.allow_abbrev = False
    for name, option in load.OPTIONS.items():
        usual = "" if option.usual is None else f" (default: {option.usual:g})"
        parser.add_argument(f"--{name}", metavar="NUMBER", help=option.about + usual)
    parser.add_argument("--json", action="store_true", help="as JSON, each line with the source of its price")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        sys.stderr.write(f"{unknown[0]} is not an option of scripts/cost, which --help lists.\n")
        return 2
    words = {name: getattr(given, name.replace("-", "_")) for name in load.OPTIONS}
    try:
        settings = context.read(given.context)
        made = bill.of(settings, load.of(words, settings))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(shown.as_json(made) if given.json else shown.text(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
