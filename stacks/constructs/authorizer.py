"""The gateway's first question: is this Globus token good here?"""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs.globus_secret import GlobusSecret

SOURCE = Path(__file__).parents[2] / "lambda_src" / "authorizer"


class Authorizer(Construct):
    """A function that introspects the bearer token, and what the gateway remembers of its answer.

    Plain source, no bundling: it needs what the Lambda runtime holds already. It may read one secret and
    write its log.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        globus_auth_url: str,
        globus_client_id: str,
        globus_secret: GlobusSecret,
        cache_seconds: int,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        log = logs.LogGroup(self, "Log", retention=log_retention, removal_policy=removal_policy)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        globus_secret.grant_read(role)
        self.function = lambda_.Function(
            self,
            "Function",
            description="Introspects Globus tokens for the gateway",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(SOURCE), exclude=["**/__pycache__", "**/*.pyc"]),
            memory_size=256,
            # Above two attempts at Globus Auth and one at its secret, below the gateway's own 29 s.
            timeout=Duration.seconds(25),
            environment={
                "OCTOPUS_GLOBUS_AUTH_URL": globus_auth_url,
                "OCTOPUS_GLOBUS_CLIENT_ID": globus_client_id,
                "OCTOPUS_GLOBUS_SECRET_NAME": globus_secret.name,
            },
            role=role,
            log_group=log,
        )
        self.authorizer = apigateway.TokenAuthorizer(
            self,
            "Authorizer",
            authorizer_name="globus",
            handler=self.function,
            # What cannot be a bearer token is refused by the gateway itself, at no cost.
            validation_regex=r"^Bearer [A-Za-z0-9._~+/-]+=*$",
            results_cache_ttl=Duration.seconds(cache_seconds),
        )
