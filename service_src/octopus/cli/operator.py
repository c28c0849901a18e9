"""What every command of an operator needs: the fabric's features, with AWS credentials of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from octopus.fabric.settings import INSTITUTION, FabricSettings
from octopus.settings import DeployedSettings, ServiceSettings

if TYPE_CHECKING:
    from octopus.web.assembly import Features

InstitutionOption = Annotated[str, typer.Option("--institution", help="As it was deployed.")]


@contextmanager
def features_of(institution: str) -> Iterator[Features]:
    """The features of an institution's fabric, on AWS's default credential chain, until the block ends.

    So is Kafka; on this machine, where an operator has no rights on it, as the web service.
    """
    from octopus.fabric.features import open_features  # late, with all that is imported below: other commands
    from octopus.web.assembly import assemble  # would take as long again to start

    local, deployed = _is_of_this_machine(institution), settings_of(institution)
    if local:
        features = open_features(FabricSettings(), deployed)
    else:
        features = assemble(ServiceSettings(**deployed.model_dump()))
    with closing(features):
        yield features


def settings_of(institution: str) -> DeployedSettings:
    """What the stacks of an institution say, by AWS's default credential chain."""
    from octopus.fabric.deployment import use_operator_credentials
    from octopus.parameters import read_deployed_settings

    if _is_of_this_machine(institution):
        use_operator_credentials(FabricSettings())
    return read_deployed_settings(institution)


def _is_of_this_machine(institution: str) -> bool:
    return institution == INSTITUTION and "AWS_ENDPOINT_URL" not in os.environ
