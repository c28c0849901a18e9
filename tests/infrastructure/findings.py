"""What cdk-nag, cfn-lint and checkov find in templates, in one form that names no institution."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.settings import Settings
from tests.infrastructure.synthesis import ROOT, Made


@dataclass(frozen=True, order=True)
class Finding:
    """One tool's objection to one construct."""

    tool: str
    rule: str
    where: str
    """Path of the construct, from the stack: ``service/Gateway/Api/Resource``."""
    says: str


def of_cdk(made: Made) -> Iterator[Finding]:
    """Yield what the report beside the templates holds: of cdk-nag, and as ``cdk`` of the library itself."""
    report = json.loads((made.folder / "validation-report.json").read_text())
    for plugin in report["pluginReports"]:
        tool = "cdk-nag" if plugin["pluginName"] == "AwsSolutions" else "cdk"
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                path = construct["constructPath"].removeprefix(made.settings.named(""))
                yield Finding(
                    tool, _anonymous(violation["ruleName"], made.settings), path, violation["description"]
                )


def of_cfn_lint(made: Sequence[Made], folder: Path) -> Iterator[Finding]:
    """Yield what cfn-lint finds, each template judged in its own region.

    Args:
        folder: an empty one, for copies in which references to another stack are those that cfn-lint knows
            in every place: it takes Fn::GetStackOutput for no text.
    """
    for region in sorted({one.settings.region for one in made}):
        files: dict[str, tuple[Made, str]] = {}
        for one in made:
            for stack, template in one.templates.items() if one.settings.region == region else ():
                copy = folder / one.file(stack).name
                copy.write_text(json.dumps(_with_imports(template)))
                files[str(copy)] = (one, stack)
        program = str(Path(sys.executable).parent / "cfn-lint")
        for found in json.loads(_output([program, "-r", region, "-f", "json", "-t", *files], {})):
            one, stack = files[found["Filename"]]
            path = found["Location"]["Path"] or [""]
            where = _constructs(one, stack)[path[1]] if path[0] == "Resources" else f"{stack}/{path[0]}"
            yield Finding("cfn-lint", found["Rule"]["Id"], where, found["Message"])


def of_checkov(made: Sequence[Made], home: Path) -> Iterator[Finding]:
    """Yield what checkov finds, by its own rules alone: nothing is fetched.

    Raises:
        AssertionError: a template could not be read.
    """
    files = {str(one.file(stack)): (one, stack) for one in made for stack in one.templates}
    program = str(ROOT / ".venv-checkov" / "bin" / "checkov")
    options = ["--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "-o", "json"]
    report = json.loads(_output([program, *options, "-f", *files], {"HOME": str(home)}))
    assert report["summary"]["parsing_errors"] == 0
    for found in report["results"]["failed_checks"]:
        one, stack = files[found["file_abs_path"]]
        where = _constructs(one, stack)[found["resource"].split(".")[1]]
        yield Finding("checkov", found["check_id"], where, found["check_name"])


def _with_imports(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_imports(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetStackOutput" in value:
        output = value["Fn::GetStackOutput"]
        return {"Fn::ImportValue": f"{output['StackName']}:{output['OutputName']}"}
    return {name: _with_imports(each) for name, each in value.items()}


def _constructs(made: Made, stack: str) -> dict[str, str]:
    """Return the path of each resource's construct by its logical id."""
    return {
        name: resource.get("Metadata", {}).get("aws:cdk:path", name).removeprefix(made.settings.named(""))
        for name, resource in made.templates[stack]["Resources"].items()
    }


def _output(command: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.stderr == "", done.stderr
    return done.stdout


def _anonymous(text: str, settings: Settings) -> str:
    learnt = {"StackName": settings.named("kafka"), "OutputName": "ClusterUuid"}
    text = text.replace(json.dumps({"Fn::GetStackOutput": learnt}, separators=(",", ":")), "<cluster>")
    for value, instead in (
        (settings.cluster_uuid, "<cluster>"),
        (settings.region, "<region>"),
        (settings.institution, "<institution>"),
    ):
        text = re.sub(rf"(?<![a-z0-9]){re.escape(value)}(?![a-z0-9])", instead, text)
    return text
