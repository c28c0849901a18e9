"""What may be replaced at will: the gateway and its authorizer."""

from __future__ import annotations

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import lifetime
from stacks.constructs.authorizer import Authorizer
from stacks.constructs.backend import Backend
from stacks.constructs.gateway import Gateway
from stacks.constructs.globus_secret import GlobusSecret
from stacks.settings import Settings

_RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}


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
        log_retention = _RETENTION[settings.log_retention_days]
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
