"""What holds for every template, whoever installs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings
from tests.infrastructure.conftest import CAMPUS, ROOT, Templates, synthesize
from tests.infrastructure.synthesis import flags

EMULATOR_TYPES = frozenset((Path(__file__).parent / "emulator-types.txt").read_text().split())

STATEFUL = {
    "AlarmsKey3C2381B3": "AWS::KMS::Key",
    "ArchiveBucket49F1AC64": "AWS::S3::Bucket",
    "CredentialStoreCredentialsTableC7154336": "AWS::DynamoDB::Table",
    "CredentialStoreKey99CCB195": "AWS::KMS::Key",
    "LogsBucket5C52C3D2": "AWS::S3::Bucket",
    "RegistryTableDB777839": "AWS::DynamoDB::Table",
}
"""A new logical id means a new, empty resource: change one only with a way to carry its data over."""

LOGS = {"AuthorizerLogA5E42AA9", "GatewayAccessLogAEFA1E8A"}


@pytest.fixture(params=["local", "campus"])
def templates(request: pytest.FixtureRequest) -> Templates:
    found: Templates = request.getfixturevalue(request.param)
    return found


def resources(templates: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    for template in templates.values():
        yield from template["Resources"].items()


def test_stacks_carry_the_institution(local: Templates, campus: Templates) -> None:
    assert set(local) == {"octopus-local-foundation", "octopus-local-service"}
    assert set(campus) == {"octopus-anl-foundation", "octopus-anl-service"}


def test_every_type_is_one_that_the_emulator_has(templates: Templates) -> None:
    assert {resource["Type"] for _, resource in resources(templates)} <= EMULATOR_TYPES


def test_no_partition_is_written_out(templates: Templates) -> None:
    written = json.dumps(templates)
    assert re.findall(r"arn:aws[a-z-]*:", written) == []
    # Principals of AWS services have this suffix in every partition; nothing else may.
    assert set(re.findall(r"[a-z0-9.-]*amazonaws\.com", written)) == {
        "apigateway.amazonaws.com",
        "budgets.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "lambda.amazonaws.com",
        "logging.s3.amazonaws.com",
    }


def test_stateful_resources_keep_their_logical_ids(templates: Templates) -> None:
    kinds = set(STATEFUL.values())
    found = {name: resource["Type"] for name, resource in resources(templates) if resource["Type"] in kinds}
    assert found == STATEFUL


def test_construct_ids_do_not_carry_the_institution(local: Templates, campus: Templates) -> None:
    assert set(local["octopus-local-foundation"]["Resources"]) == set(
        campus["octopus-anl-foundation"]["Resources"]
    )


def test_data_is_kept(campus: Templates) -> None:
    holding = {name: resource for name, resource in resources(campus) if name in {*STATEFUL, *LOGS}}
    assert set(holding) == {*STATEFUL, *LOGS}
    for resource in holding.values():
        # A resource whose own creation failed is the one that goes: it holds nothing.
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"


def test_data_goes_only_where_its_loss_is_allowed(local: Templates) -> None:
    for name, resource in resources(local):
        if name in {*STATEFUL, *LOGS}:
            assert resource["DeletionPolicy"] == "Delete"


def test_termination_is_protected_unless_data_may_be_lost() -> None:
    for allow, protected in (("false", True), ("true", False)):
        settings = Settings.from_context({**CAMPUS, "allow_data_loss": allow})
        app = cdk.App(context=flags())
        assert FoundationStack(app, "foundation", settings=settings).termination_protection is protected


def test_references_go_one_way(templates: Templates) -> None:
    foundation = next(template for name, template in templates.items() if name.endswith("-foundation"))
    assert "Fn::GetStackOutput" not in json.dumps(foundation)
    # An export that is imported cannot change any more; a plain output can.
    assert "Fn::ImportValue" not in json.dumps(templates)


def test_the_templates_of_one_context_are_always_the_same(campus: Templates) -> None:
    assert synthesize(CAMPUS) == campus


def test_cfn_lint_finds_nothing(templates: Templates, tmp_path: Path) -> None:
    files: list[Path] = []
    for name, template in templates.items():
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(template))
    # W3005: the library names a function's role in DependsOn although the function refers to it.
    command = [
        str(Path(sys.executable).parent / "cfn-lint"),
        "-r",
        "us-east-1",
        "-i",
        "W3005",
        "-t",
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


def test_every_function_is_installed_by_the_construct_of_its_name() -> None:
    functions = {
        folder.name for folder in (ROOT / "lambda_src").iterdir() if (folder / "handler.py").is_file()
    }
    installing = {
        path.stem
        for path in (ROOT / "stacks" / "constructs").glob("*.py")
        if "lambda_src" in path.read_text()
    }
    assert functions == installing


def test_infrastructure_imports_nothing_that_runs_in_it() -> None:
    for path in (ROOT / "stacks").rglob("*.py"):
        assert (
            re.search(r"^\s*(?:from|import) (?:octopus|lambda_src|service_src)\b", path.read_text(), re.M)
            is None
        )


def test_cdk_json_holds_no_variable_of_ours() -> None:
    content = json.loads((ROOT / "cdk.json").read_text())
    assert set(content) == {"app", "context"}
    assert all(":" in name for name in content["context"])
