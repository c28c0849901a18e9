"""What the stacks decided, written down for whoever starts the platform's processes."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_ssm as ssm
from constructs import Construct


class Parameters(Construct):
    """One SSM parameter a value, at ``/octopus/<institution>/<name>``. None is a secret."""

    def __init__(self, scope: Construct, id_: str, *, institution: str, values: Mapping[str, str]) -> None:
        super().__init__(scope, id_)
        for name, value in values.items():
            ssm.StringParameter(
                self, name, parameter_name=f"/octopus/{institution}/{name}", string_value=value
            )
