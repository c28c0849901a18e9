"""Where a value comes from: the command line, else a settings file, else the preset, else the default."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stacks.settings import values as read
from stacks.settings.presets import OF_THE_BROKERS, PRESETS, USUAL
from stacks.settings.variable import SettingsError

SOURCES = ("preset", "settings_file")
"""Names that say where values come from, and are no variables themselves."""


@dataclass(frozen=True)
class Given:
    """A value as it was given, and the words that say by whom."""

    value: object
    shown: str


def on_the_line(context: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return what the command line gave, names and values, for a command that repeats it."""
    # A command line gives text; what a context file gives besides stays in that file.
    return tuple((name, value) for name, value in _told(context).items() if isinstance(value, str))


def gather(context: Mapping[str, object]) -> dict[str, Given]:
    """Return every value that is given anywhere, by its name; the CDK's own keys are passed over.

    Raises:
        SettingsError: the preset is unknown, or the settings file cannot be read.
    """
    from_line = {
        name: Given(value, f"the value given is {value!r}") for name, value in _told(context).items()
    }
    written = _written(from_line.pop("settings_file", None))
    preset_in_file = written.pop("preset", None)
    preset = from_line.pop("preset", None) or preset_in_file
    chosen = {**written, **from_line}
    usual = _preset(preset)
    kafka = chosen.get("kafka")
    if kafka and kafka.value != usual["kafka"].value:
        usual = {name: given for name, given in usual.items() if name not in OF_THE_BROKERS}
    return usual | chosen


def _told(context: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in context.items() if ":" not in name and not name.startswith("aws-")}


def _written(path: Given | None) -> dict[str, Given]:
    if path is None:
        return {}
    try:
        values = tomllib.loads(Path(str(path.value)).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"settings_file must be a file that can be read ({error.strerror}); {path.shown}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings_file must be a file in TOML ({error}); {path.shown}.") from None
    found = {name: Given(value, f"the value in {path.value} is {value!r}") for name, value in values.items()}
    if "settings_file" in found:
        raise SettingsError(
            f"settings_file must be given on the command line alone; {found['settings_file'].shown}."
        )
    return found


def _preset(named: Given | None) -> dict[str, Given]:
    name = USUAL
    if named is not None:
        try:
            name = read.choice(tuple(PRESETS))(named.value)
        except read.RefusedError as rule:
            raise SettingsError(f"preset {rule}; {named.shown}.") from None
    return {
        variable: Given(value, f"the value of the preset {name} is {value!r}")
        for variable, value in PRESETS[name].items()
    }
