"""What may be replaced at will: the gateway and its authorizer."""

from __future__ import annotations

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from stacks import lifetime
from stacks.constructs.authorizer import Authorizer
from stacks.constructs.backend import Backend
from stacks.constructs.gateway import Gateway
from stacks.constructs.gateway_domain import GatewayDomain
from stacks.constructs.globus_secret import GlobusSecret
from stacks.constructs.parameters import GATEWAY_URL, Parameters
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
        kept = lifetime.of_data(settings)

        self.authorizer = Authorizer(
            self,
            "Authorizer",
            institution=settings.institution,
            globus_auth_url=settings.globus_auth_url,
            globus_client_id=settings.globus_client_id,
            globus_secret=GlobusSecret(self, "GlobusSecret", secret_name=settings.globus_secret_name),
            cache_seconds=settings.authorizer_cache_seconds,
            log_retention=lifetime.of_logs(settings),
            removal_policy=kept,
        )
        self.gateway = Gateway(
            self,
            "Gateway",
            name=settings.named("gateway"),
            backend=backend,
            authorizer=self.authorizer,
            allowed_cidrs=settings.api_allowed_cidrs,
            own_domain=bool(settings.domain),
            rate_limit=settings.gateway_rate_limit,
            burst_limit=settings.gateway_burst_limit,
            public_rate_limit=settings.public_requests,
            log_retention=lifetime.of_logs(settings),
            removal_policy=kept,
        )
        if backend.vpc_link_id:
            # A link into other subnets is another link, and the reference to it reads as before.
            self.gateway.deploy_again_for(
                settings.vpc_id,
                settings.vpc_cidr,
                settings.zones,
                settings.zone_ids,
                settings.private_subnet_ids,
            )
        url = f"https://{settings.domain}/" if settings.domain else self.gateway.url
        Parameters(self, "Parameters", institution=settings.institution, values={GATEWAY_URL: url})

        self.url = settings.public_url or self.gateway.url
        """Address at which users reach the fabric."""

        CfnOutput(self, "GatewayUrl", value=url, description="Address of the API")
        CfnOutput(self, "GatewayId", value=self.gateway.api.rest_api_id)
        CfnOutput(self, "GatewayStage", value=self.gateway.stage.stage_name)
        if settings.domain:
            self._name(settings)
        if not settings.globus_client_id:
            CfnOutput(
                self,
                "NextStep",
                value=f"octopus globus setup --institution {settings.institution}",
                description="Nobody is let in yet: register the service at Globus, and deploy again with"
                " globus_client_id",
            )

    def _name(self, settings: Settings) -> None:
        domain = GatewayDomain(
            self,
            "Domain",
            api=self.gateway.api,
            domain=settings.domain,
            certificate_arn=settings.certificate_arn,
            hosted_zone_id=settings.hosted_zone_id,
        )
        CfnOutput(
            self,
            "DomainTarget",
            value=domain.target,
            description=f"What {settings.domain} must be an alias (or CNAME) of",
        )
