"""The REST API in front of the web service."""

from __future__ import annotations

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs import gateway_replies
from stacks.constructs.authorizer import Authorizer
from stacks.constructs.backend import Backend

STAGE = "live"

_PUBLIC = "/api/v3/public/{proxy+}/GET"

_PATH = {"method.request.path.proxy": True}

_LOG_LINE = {
    "time": "$context.requestTimeEpoch",
    "request_id": "$context.requestId",
    "subject": "$context.authorizer.principalId",
    "address": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "error": "$context.error.responseType",
}
"""One access log line; no header, so no token, ever stands in it."""


class Gateway(Construct):
    """``/api/...`` behind the authorizer, public records, ``/health/...`` and preflights before it.

    All is passed on unchanged.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        backend: Backend,
        authorizer: Authorizer,
        rate_limit: int,
        burst_limit: int,
        public_rate_limit: int,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self._backend = backend
        self.access_log = logs.LogGroup(
            self, "AccessLog", retention=log_retention, removal_policy=removal_policy
        )
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=name,
            # Edge endpoints drop the body of a GET, which Kafka clients send.
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],
            # The account's own role for logs is the operator's: one stack must not change it for all.
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=rate_limit,
                throttling_burst_limit=burst_limit,
                method_options={
                    # Its own bucket: a flood without tokens takes nothing from those who have one.
                    _PUBLIC: apigateway.MethodDeploymentOptions(
                        throttling_rate_limit=public_rate_limit, throttling_burst_limit=public_rate_limit
                    )
                },
                access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_LOG_LINE)),
            ),
        )
        gateway_replies.add_to(self.api)

        api = self.api.root.add_resource("api")
        version = api.add_resource("v3")
        for resource, prefix in ((api, "api"), (version, "api/v3")):
            proxy = resource.add_resource("{proxy+}")
            self._pass_on(proxy, "ANY", prefix, authorizer.authorizer)
            # A browser's preflight carries no token: what comes of it is the service's to say.
            self._pass_on(proxy, "OPTIONS", prefix)
        public = version.add_resource("public").add_resource("{proxy+}")
        self._pass_on(public, "GET", "api/v3/public")
        health = self.api.root.add_resource("health").add_resource("{proxy+}")
        self._pass_on(health, "GET", "health")

    @property
    def url(self) -> str:
        """Address of the stage, with a last slash."""
        return self.api.url

    def _pass_on(
        self,
        resource: apigateway.Resource,
        method: str,
        prefix: str,
        authorizer: apigateway.IAuthorizer | None = None,
    ) -> None:
        resource.add_method(
            method,
            apigateway.HttpIntegration(
                f"{self._backend.base_url}/{prefix}/{{proxy}}",
                http_method=method,
                proxy=True,
                options=apigateway.IntegrationOptions(
                    request_parameters={"integration.request.path.proxy": "method.request.path.proxy"}
                ),
            ),
            authorizer=authorizer,
            authorization_type=None if authorizer else apigateway.AuthorizationType.NONE,
            request_parameters=_PATH,
        )
