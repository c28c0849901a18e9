"""What every command of an operator needs: the fabric's features, with AWS credentials of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from octopus.cli.output import print_json, print_line
from octopus.fabric.deployment import use_operator_credentials
from octopus.fabric.settings import INSTITUTION, FabricSettings
from octopus.parameters import read_deployed_settings
from octopus.settings import DeployedSettings, ServiceSettings
from octopus.web.assembly import Features, assemble

InstitutionOption = Annotated[str, typer.Option("--institution", help="As it was deployed.")]


@contextmanager
def features_of(institution: str) -> Iterator[Features]:
    """The features of an institution's fabric, on AWS's default credential chain, until the block ends."""
    features = assemble(ServiceSettings(**settings_of(institution).model_dump()))
    try:
        yield features
    finally:
        features.close()


def settings_of(institution: str) -> DeployedSettings:
    """What the stacks of an institution say, by AWS's default credential chain."""
    if institution == INSTITUTION and "AWS_ENDPOINT_URL" not in os.environ:
        use_operator_credentials(FabricSettings())  # of the fabric on this machine
    return read_deployed_settings(institution)


def print_done(message: str, as_json: bool) -> None:
    """Say that something was done."""
    if as_json:
        print_json({"status": "success", "message": message})
    else:
        print_line(message)
