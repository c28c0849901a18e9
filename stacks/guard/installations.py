"""Settings that releases are compared by, and the templates that this tree makes of some."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from stacks import fabric
from stacks.settings import Settings
from stacks.settings.presets import PRESETS

_ROOT = Path(__file__).parents[2]
_FILES = _ROOT / "tests" / "infrastructure" / "institutions"
_REGION = "us-east-1"


def known() -> dict[str, dict[str, Any]]:
    """Return the settings of every preset by itself, and of every settings file of the tests, by name."""
    presets = {f"preset-{name}": {"preset": name} for name in PRESETS}
    for name, given in presets.items():
        if "institution" not in PRESETS[name.removeprefix("preset-")]:
            given["institution"] = "example"
    files = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in _FILES.glob("*.toml")}
    return {**presets, **files}


def synthesize(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the templates of settings, by the name of their stack behind the institution.

    No account is asked for anything, and no function is bundled: its code replaces nothing.

    Raises:
        SettingsError: this tree does not take the settings.
    """
    settings = Settings.from_context(given, region=_REGION)
    context = json.loads((_ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    with tempfile.TemporaryDirectory() as folder:
        # Whether a template is right is seen where it is deployed; here it is only compared.
        app = cdk.App(
            context={**context, "aws:cdk:bundling-stacks": []},
            outdir=folder,
            builtin_cloud_formation_validation=False,
        )
        fabric.build(app, settings)
        return {
            stack.stack_name.removeprefix(settings.named("")): stack.template for stack in app.synth().stacks
        }
