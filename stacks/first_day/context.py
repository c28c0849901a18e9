"""Settings on a script's command line, given as the CDK takes them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stacks.first_day.account import default_region
from stacks.settings import Settings, SettingsError


def parser(name: str, about: str) -> argparse.ArgumentParser:
    """Return a parser that knows ``-c name=value``."""
    made = argparse.ArgumentParser(prog=f"scripts/{name}", description=about)
    made.add_argument(
        "-c",
        "--context",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a setting, as for `cdk deploy`; may be repeated",
    )
    return made


def read(given: Sequence[str]) -> Settings:
    """Return the settings that ``cdk deploy`` would have of the same words.

    Raises:
        SettingsError: as it would be there, or a word has no ``=``.
    """
    context: dict[str, object] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise SettingsError(f"-c must be followed by name=value; the value given is {word!r}.")
        context[name] = value
    return Settings.from_context(context, region=default_region())


def as_words(given: Sequence[str]) -> str:
    """Return the settings as words of a command, for advice that repeats them."""
    return " ".join(f"-c {word}" for word in given)
