"""The gateway's first question: is this Globus token good here?"""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs.globus_secret import GlobusSecret
from stacks.constructs.source_function import source_function

SOURCE = Path(__file__).parents[2] / "lambda_src" / "authorizer"


class Authorizer(Construct):
    """A function that introspects the bearer token, and what the gateway remembers of its answer.

    It may read one secret and write its log.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        institution: str,
        globus_auth_url: str,
        globus_client_id: str,
        globus_secret: GlobusSecret,
        cache_seconds: int,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.function, role = source_function(
            self,
            source=SOURCE,
            description="Introspects Globus tokens for the gateway",
            # Above two attempts at Globus Auth and one at its secret, below the gateway's own 29 s.
            timeout=Duration.seconds(25),
            environment={
                "OCTOPUS_GLOBUS_AUTH_URL": globus_auth_url,
                "OCTOPUS_GLOBUS_CLIENT_ID": globus_client_id,
                "OCTOPUS_GLOBUS_SECRET_NAME": globus_secret.name,
                # Whose metrics the lines are that it writes.
                "OCTOPUS_INSTITUTION": institution,
            },
            log_retention=log_retention,
            removal_policy=removal_policy,
        )
        globus_secret.grant_read(role)
        self.authorizer = apigateway.TokenAuthorizer(
            self,
            "Authorizer",
            authorizer_name="globus",
            handler=self.function,
            # What cannot be a bearer token is refused by the gateway itself, at no cost.
            validation_regex=r"^Bearer [A-Za-z0-9._~+/-]+=*$",
            results_cache_ttl=Duration.seconds(cache_seconds),
        )
