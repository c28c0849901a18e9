"""What the stacks decided, written down for whoever starts the platform's processes."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

GATEWAY_URL = "gateway_url"
"""Name of the parameter that says where the gateway is; of the service stack, which is made last."""


class Parameters(Construct):
    """One SSM parameter a value, at ``/octopus/<institution>/<name>``. None is a secret."""

    def __init__(self, scope: Construct, id_: str, *, institution: str, values: Mapping[str, str]) -> None:
        super().__init__(scope, id_)
        for name, value in values.items():
            ssm.StringParameter(
                self, name, parameter_name=f"/octopus/{institution}/{name}", string_value=value
            )


def grant_read(grantee: iam.IGrantable, scope: Construct, *, institution: str, name: str) -> None:
    """Let ``grantee`` read one parameter, whichever stack writes it."""
    parameter = Stack.of(scope).format_arn(
        service="ssm",
        resource="parameter",
        resource_name=f"octopus/{institution}/{name}",
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
    iam.Grant.add_to_principal(grantee=grantee, actions=["ssm:GetParameter"], resource_arns=[parameter])
