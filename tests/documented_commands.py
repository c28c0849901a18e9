"""Commands of the documentation: each must be one that there is, with options that it takes."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import fields
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer.main
from botocore import xform_name
from botocore.session import get_session
from typer.core import TyperGroup

from octopus.cli.app import app
from stacks.settings import GROUPS
from stacks.settings.sources import SOURCES

ROOT = Path(__file__).parents[1]
_VARIABLES = {variable.name for group in GROUPS for variable in fields(group)} | set(SOURCES)
_OF_ANY_CALL = {"--max-items", "--output", "--query", "--region"}
"""Options of AWS's command line itself."""
_TOOLS = {("logs", "tail"), ("s3", "ls")}
"""What AWS's command line does by more than one call."""
_CDK = {"deploy": {"--all"}, "destroy": {"--all"}, "synth": {"--all", "--strict"}}


def faults(command: str) -> list[str]:
    """What is wrong with a command of ours, of the CDK's or of AWS's; of another nothing is known."""
    words = shlex.split(command)
    if words[0] == "octopus":
        return _of_octopus(words[1:])
    if words[0].startswith("scripts/"):
        return _of_script(words[0], words[1:])
    if words[:2] == ["npx", "cdk"]:
        return _of_cdk(words[2:])
    if words[0] == "aws":
        return _of_aws(words[1:])
    return []


def _of_octopus(words: list[str]) -> list[str]:
    command: Any = typer.main.get_command(app)
    # Typer brings a click of its own, whose groups are no groups of click's.
    while isinstance(command, TyperGroup) and words:
        name, words = words[0], words[1:]
        command = command.commands.get(name)
        if command is None:
            return [f"octopus has no command {name}"]
    known = {option for parameter in command.params for option in parameter.opts}
    return [
        f"octopus {command.name} takes no {word}" for word in words if word[:2] == "--" and word not in known
    ]


def _of_script(name: str, words: list[str]) -> list[str]:
    if not (ROOT / name).is_file():
        return [f"there is no {name}"]
    options = [word for word in words if word.startswith("--")]
    about = _help(name) if options else ""
    return [f"{name} takes no {option}" for option in options if option not in about] + _of_settings(words)


def _of_cdk(words: list[str]) -> list[str]:
    verb, *rest = words
    options = [word for word in rest if word.startswith("--")]
    return [f"cdk {verb} {option}" for option in options if option not in _CDK[verb]] + _of_settings(rest)


def _of_settings(words: list[str]) -> list[str]:
    named = [after.split("=")[0] for word, after in pairwise(words) if word == "-c"]
    return [f"there is no variable {name}" for name in named if name not in _VARIABLES]


def _of_aws(words: list[str]) -> list[str]:
    service, call, *rest = words
    if (service, call) in _TOOLS:
        return []
    if call == "wait":
        call, *rest = rest
        waiters = _waiters(service)
        if call not in waiters:
            return [f"aws {service} wait has no {call}"]
        call = waiters[call]
    if call not in _calls(service):
        return [f"aws {service} has no {call}"]
    options = {word for word in rest if word.startswith("--")}
    return [
        f"aws {service} {call} takes no {word}" for word in options - _OF_ANY_CALL - _calls(service)[call]
    ]


@cache
def _calls(service: str) -> dict[str, set[str]]:
    """Options by operation, as the command line spells them."""
    model = get_session().get_service_model(service)
    return {
        xform_name(name, "-"): {
            f"--{xform_name(member, '-')}"
            for member in getattr(model.operation_model(name).input_shape, "members", ())
        }
        for name in model.operation_names
    }


@cache
def _waiters(service: str) -> dict[str, str]:
    """The operation behind each waiter."""
    model = get_session().get_waiter_model(service)
    return {
        xform_name(name, "-"): xform_name(model.get_waiter(name).operation, "-")
        for name in model.waiter_names
    }


@cache
def _help(script: str) -> str:
    """What a script says of itself; those that take options are Python behind two lines of shell."""
    words = (ROOT / script).read_text().split()
    (module,) = [word for before, word in pairwise(words) if before == "-m"]
    done = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout
