"""The AWS account that tests deploy to, as the environment says.

| variable | account |
|---|---|
| none | an emulator that is started for the tests and gone after them |
| ``AWS_ENDPOINT_URL``, or ``LOCALSTACK_HOST=host:port`` | the emulator that listens there |
| ``OCTOPUS_AWS_LANE=institution`` | the real account of boto3's credentials, once confirmed (``tests/aws``) |
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from localstack_client.session import Session

from tests.emulator import ROOT, running_emulator

Cdk = Callable[..., subprocess.CompletedProcess[str]]
_REGION = "us-east-1"
_KEY = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
CDK_SECONDS = 180
"""Longest command of the CDK on an emulator."""


def lane() -> str | None:
    """The institution that is to be tried on a real account; none unless somebody asked for it."""
    return os.environ.get("OCTOPUS_AWS_LANE")


@dataclass(frozen=True)
class Account:
    """An AWS account or an emulator of one.

    Attributes:
        session: makes clients, as boto3's does.
        endpoint: of an emulator; none on AWS.
        environment: what programs need to reach it.
        region: in which the stacks are made.
    """

    session: Any
    endpoint: str | None
    environment: Mapping[str, str]
    region: str

    def client(self, service: str) -> Any:
        """A client of its operator."""
        return self.session.client(service)

    def outputs(self, stack: str) -> dict[str, str]:
        """Outputs of a stack, by name."""
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def gateway(self, stack: str) -> str:
        """Address of the API that a service stack made."""
        made = self.outputs(stack)
        if self.endpoint is None:
            return made["GatewayUrl"].rstrip("/")
        return f"{self.endpoint}/restapis/{made['GatewayId']}/{made['GatewayStage']}/_user_request_"


@contextmanager
def emulated_account(home: Path) -> Iterator[Account]:
    """The emulator that the environment names, else one of the caller's own below ``home``."""
    told = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("LOCALSTACK_HOST")
    if told:
        yield _emulator(Session(**_KEY, region_name=_REGION))
    else:
        with running_emulator(home) as address:
            host = address.removeprefix("http://")
            yield _emulator(Session(**_KEY, region_name=_REGION, localstack_host=host))


def real_account() -> Account:
    """The account of boto3's own chain of credentials."""
    # AWS's newer tools set AWS_REGION; boto3 alone would read AWS_DEFAULT_REGION only.
    region = os.environ.get("AWS_REGION") or boto3.Session().region_name or _REGION
    session = boto3.Session(region_name=region)
    told = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return Account(session, None, {**told, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}, region)


def _emulator(session: Any) -> Account:
    endpoint = session.client("sts").meta.endpoint_url
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": _KEY["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": _KEY["aws_secret_access_key"],
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return Account(session, endpoint, environment, _REGION)


def cdk_environment(home: Path) -> dict[str, str]:
    """Return what the CDK's command line needs of its environment, to write into ``home`` alone."""
    cache = Path(os.environ.get("OCTOPUS_CACHE", ROOT / ".cache"))
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "CDK_HOME": str(home),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache / "jsii"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }


def cdk_in(account: Account, home: Path, *, seconds: int = CDK_SECONDS) -> Cdk:
    """Return the CDK's command line: ``cdk("deploy", "--all", context={...})``.

    An emulator is bootstrapped for it; an account of AWS is as its operator prepared it.
    """
    environment = {
        **account.environment,
        **cdk_environment(home),
        # Seconds for each synth; the templates are validated by the tests of the infrastructure.
        "CDK_VALIDATION": "false",
    }

    def run(
        *arguments: str, context: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        flags = [word for name, value in (context or {}).items() for word in ("-c", f"{name}={value}")]
        return subprocess.run(
            [ROOT / "node_modules" / ".bin" / "cdk", *arguments, *flags, "--output", str(home / "cdk.out")],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )

    if account.endpoint is not None:
        # From a folder without an app: an account is prepared before anything is known of the fabric.
        done = run("bootstrap", f"aws://000000000000/{account.region}", cwd=home)
        assert done.returncode == 0, done.stdout
    return run


def run_script(
    account: Account, name: str, *arguments: str, context: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run one of ``scripts/`` in the account, with the settings that the CDK gets."""
    flags = [word for variable, value in context.items() for word in ("-c", f"{variable}={value}")]
    return subprocess.run(
        [ROOT / "scripts" / name, *arguments, *flags],
        env={**account.environment, "PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=CDK_SECONDS,
        check=False,
    )
