"""A first deployment that fails, with the real CDK command line: cleaned, deployed again, and taken away."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.aws_account import cdk_in, emulated_account
from tests.emulator import ROOT
from tests.integration.first_day.conftest import EXTERNAL
from tests.patience import PATIENCE_S

DEPLOY = ("deploy", "--all", "--require-approval", "never")


def script(
    name: str, *more: str, context: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run one of the scripts as an operator does; returns its status and all that it printed."""
    flags = [word for each in context.items() for word in ("-c", "=".join(each))]
    done = subprocess.run(
        [ROOT / "scripts" / name, *flags, *more],
        env={**environment, "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.long
def test_failed_first_deployment_is_cleaned_and_succeeds_then(tmp_path: Path) -> None:
    with emulated_account(tmp_path) as account:
        cdk = cdk_in(account, tmp_path)
        ssm, cloudformation = account.client("ssm"), account.client("cloudformation")
        # Made by hand, under a name that the foundation wants.
        ssm.put_parameter(Name="/octopus/anl/institution", Value="by hand", Type="String")

        failed = cdk(*DEPLOY, context=EXTERNAL)
        assert failed.returncode == 1
        assert "ParameterAlreadyExists" in failed.stdout
        ssm.delete_parameter(Name="/octopus/anl/institution")
        # What is said in docs/first-day.md: the CDK protects before it makes, and stands before its own lock.
        refused = cdk(*DEPLOY, context=EXTERNAL)
        assert refused.returncode == 1
        assert "cannot be deleted while TerminationProtection is enabled" in refused.stdout

        status, told = script("preflight", context=EXTERNAL, environment=account.environment)
        assert (status, "scripts/clean-failed" in told) == (1, True)
        clean = ("--remove", "--yes", "anl")
        status, told = script("clean-failed", *clean, context=EXTERNAL, environment=account.environment)
        assert (status, "removed   octopus-anl-foundation" in told) == (0, True), told

        deployed = cdk(*DEPLOY, context=EXTERNAL)
        assert deployed.returncode == 0, deployed.stdout
        # What lives is left alone, by the same words.
        status, told = script("clean-failed", *clean, context=EXTERNAL, environment=account.environment)
        assert (status, told.count("(CREATE_COMPLETE): stays")) == (0, 2), told

        lost = {**EXTERNAL, "allow_data_loss": "true"}
        assert cdk(*DEPLOY, context=lost).returncode == 0
        archive = "octopus-anl-archive-000000000000-us-east-1"
        account.client("s3").put_object(Bucket=archive, Key="a", Body=b"1")
        status, told = script("empty-buckets", "--yes", "anl", context=lost, environment=account.environment)
        assert (status, f"{archive}: 1 versions deleted" in told) == (0, True), told
        gone = cdk("destroy", "--all", "--force", context=lost)
        assert gone.returncode == 0, gone.stdout
        names = {each["StackName"] for each in cloudformation.describe_stacks()["Stacks"]}
        assert names == {"CDKToolkit"}
        status, told = script("clean-failed", context=EXTERNAL, environment=account.environment)
        assert (status, told) == (0, "Nothing is left of a failed deployment.\n"), told
