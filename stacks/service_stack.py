"""What may be replaced at will: the gateway and its authorizer."""

from __future__ import annotations

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from stacks import lifetime
from stacks.constructs.authorizer import Authorizer
from stacks.constructs.backend import Backend
from stacks.constructs.gateway import Gateway
from stacks.constructs.globus_secret import GlobusSecret
from stacks.settings import Settings


class ServiceStack(Stack):
    """The API of one institution's fabric."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        backend: Backend,
        env: Environment | None = None,
    ) -> None:
        super().__init__(
            scope, id_, env=env, description=f"Octopus {settings.institution}: gateway and authorizer"
        )
        log_retention = lifetime.of_logs(settings)
        kept = lifetime.of_data(settings)

        self.authorizer = Authorizer(
            self,
            "Authorizer",
            globus_auth_url=settings.globus_auth_url,
            globus_client_id=settings.globus_client_id,
            globus_secret=GlobusSecret(self, "GlobusSecret", secret_name=settings.globus_secret_name),
            cache_seconds=settings.authorizer_cache_seconds,
            log_retention=log_retention,
            removal_policy=kept,
        )
        self.gateway = Gateway(
            self,
            "Gateway",
            name=settings.named("gateway"),
            backend=backend,
            authorizer=self.authorizer,
            rate_limit=settings.gateway_rate_limit,
            burst_limit=settings.gateway_burst_limit,
            public_rate_limit=settings.public_requests,
            log_retention=log_retention,
            removal_policy=kept,
        )

        CfnOutput(self, "GatewayUrl", value=self.gateway.url, description="Address of the API")
        CfnOutput(self, "GatewayId", value=self.gateway.api.rest_api_id)
        CfnOutput(self, "GatewayStage", value=self.gateway.api.deployment_stage.stage_name)
