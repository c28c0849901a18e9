"""The real ``npx cdk synth``: clean for every institution, one sentence for every mistake."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aws_account import cdk_environment
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.synthesis import FILES

Synth = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def synth(tmp_path: Path) -> Synth:
    """Run ``cdk synth --strict`` as who has no AWS account does: ``synth("institution=anl", "zones=2")``."""
    environment = {**cdk_environment(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}

    def run(*given: str) -> subprocess.CompletedProcess[str]:
        context = [word for each in given for word in ("-c", each)]
        output = ["--quiet", "--no-notices", "--output", str(tmp_path / "cdk.out")]
        return subprocess.run(
            [ROOT / "node_modules" / ".bin" / "cdk", "synth", "--strict", *output, *context],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


WRONG = {
    "a misspelt variable": (
        ["brokercount=6"],
        "brokercount is not a variable listed in docs/deploying.md; the value given is '6', and the name "
        "meant may be broker_count.",
    ),
    "four brokers in three zones": (
        ["broker_count=4"],
        "broker_count must be a multiple of zones (3); the value given is '4'.",
    ),
    "Express in two zones": (
        ["kafka=msk-express", "zones=2"],
        "zones must be 3 with kafka=msk-express; the value given is '2'.",
    ),
    "public access to a cluster that is not there": (
        ["msk_public_access=true"],
        "msk_cluster_arn must be given with msk_public_access=true, since a cluster must be there before it "
        "can be made public (deploy without it first, which prints the next command); no value was given.",
    ),
    "a bad network": (
        ["vpc_cidr=10.42.0.1/16"],
        "vpc_cidr must be an IPv4 network such as 10.42.0.0/16, without bits beyond its prefix; the value "
        "given is '10.42.0.1/16'.",
    ),
    "a negative retention": (
        ["kafka_retention_hours=-1"],
        "kafka_retention_hours must be a whole number from 1 to 876000; the value given is '-1'.",
    ),
    "an unknown preset": (
        ["preset=facilty"],
        "preset must be local or trial or lab or facility (did you mean facility?); the value given is "
        "'facilty'.",
    ),
    "Lambda on somebody else's brokers": (
        ["kafka=external", "triggers=lambda"],
        "triggers must be runner when kafka=external, since Lambda polls topics of Amazon MSK only; the "
        "value given is 'lambda'.",
    ),
}
SHORT = ("Express in two zones",)


@pytest.mark.parametrize(
    "mistake",
    [each if each in SHORT else pytest.param(each, marks=pytest.mark.long) for each in WRONG],
)
def test_mistake_ends_the_command_in_one_sentence(mistake: str, synth: Synth) -> None:
    given, sentence = WRONG[mistake]
    done = synth("institution=anl", *given)
    assert done.returncode == 1
    assert done.stdout == ""
    # The command line says of itself that the app ended.
    said, ended = done.stderr.strip().split("\n\n")
    assert said == sentence
    assert re.fullmatch(r".*app\.py: Subprocess exited with error 1", ended)


LARGEST = "everything"


@pytest.mark.parametrize(
    "name",
    [each if each == LARGEST else pytest.param(each, marks=pytest.mark.long) for each in FILES],
)
def test_institution_is_synthesised_without_error_or_warning(name: str, synth: Synth, tmp_path: Path) -> None:
    done = synth(f"settings_file={FILES[name]}")
    said = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr
    # Whatever else were said would be a warning, or what an acknowledged one leaves.
    assert [line.split(" ")[0] for line in said] == ["Successfully", "Supply"], done.stderr
    assert list((tmp_path / "cdk.out").glob("octopus-*-foundation.template.json"))


@pytest.mark.long
def test_stacks_of_the_largest_are_synthesised_in_15_s(
    synth: Synth, capsys: pytest.CaptureFixture[str]
) -> None:
    def seconds() -> float:
        started = time.monotonic()
        assert synth(f"settings_file={FILES[LARGEST]}").returncode == 0
        return time.monotonic() - started

    first, *warm = (seconds() for _ in range(4))
    with capsys.disabled():
        sys.stdout.write(f"\nall stacks of the largest: {first:.1f} s, warm {min(warm):.1f} s\n")
    assert min(warm) <= 15
