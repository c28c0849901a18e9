"""The templates of the institutions whose settings files stand in ``institutions/``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks import fabric
from stacks.settings import Settings

ROOT = Path(__file__).parents[2]
FILES = {path.stem: path for path in sorted((Path(__file__).parent / "institutions").glob("*.toml"))}
"""Settings files by the name of what they show."""

Templates = Mapping[str, dict[str, Any]]


def flags() -> dict[str, Any]:
    """Return the context of ``cdk.json``."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


@dataclass(frozen=True)
class Made:
    """What one institution's settings make."""

    name: str
    settings: Settings
    folder: Path
    templates: Templates
    """By what follows the institution in the stack's name: ``foundation``, ``service``, and so on."""

    def file(self, stack: str) -> Path:
        """Return where the template of a stack is written."""
        return self.folder / f"{self.settings.named(stack)}.template.json"


def make(name: str, folder: Path, **beside: object) -> Made:
    """Synthesise one institution's stacks into ``folder``, with cdk-nag's report beside them.

    Functions are not bundled: their code is no part of a template but by its hash.

    Args:
        beside: variables that go before those of the file.
    """
    settings = Settings.from_context({"settings_file": str(FILES[name]), **beside})
    context = {"aws:cdk:bundling-stacks": [], "aws:cdk:enable-path-metadata": True}
    app = cdk.App(context=flags() | context, outdir=str(folder))
    fabric.build(app, settings)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        # Findings end the synth, after everything was written.
        if not str(error).startswith("ValidationFailed:"):
            raise
    prefix, suffix = settings.named(""), ".template.json"
    templates = {
        path.name.removeprefix(prefix).removesuffix(suffix): json.loads(path.read_text())
        for path in sorted(folder.glob(f"*{suffix}"))
    }
    return Made(name, settings, folder, templates)
