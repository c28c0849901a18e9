"""What the stacks wrote down of one institution's fabric, as SSM parameters."""

from __future__ import annotations

from octopus import aws
from octopus.errors import NotFoundError
from octopus.settings import DeployedSettings


def read_deployed_settings(institution: str) -> DeployedSettings:
    """The settings under ``/octopus/<institution>/``.

    Raises:
        NotFoundError: this account and region have no fabric of that name.
    """
    path = f"/octopus/{institution}/"
    pages = aws.ssm().get_paginator("get_parameters_by_path").paginate(Path=path)
    values = {
        parameter["Name"].removeprefix(path): parameter["Value"]
        for page in pages
        for parameter in page["Parameters"]
    }
    if not values:
        raise NotFoundError(f"institution: no fabric is deployed under {path} in {aws.region()}")
    return DeployedSettings.model_validate(values)


def as_environment(settings: DeployedSettings) -> dict[str, str]:
    """The same as the environment variables that the platform's processes read."""
    return {f"OCTOPUS_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
