"""The REST API in front of the web service."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs import gateway_replies
from stacks.constructs.authorizer import Authorizer
from stacks.constructs.backend import Backend
from stacks.constructs.passing_on import PassingOn

STAGE = "live"

_PUBLIC = "/api/v3/public/{proxy+}/GET"
_STATUS = "/api/v3/status/GET"
STATUS_REQUESTS = 20
"""A second, of all callers together; the service lets as many through."""
_CALL = "execute-api:Invoke"

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
    """``/api/...`` behind the authorizer; what is public, ``/health/...`` and preflights before it.

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
        allowed_cidrs: Sequence[str],
        own_domain: bool,
        rate_limit: int,
        burst_limit: int,
        public_rate_limit: int,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            allowed_cidrs: networks from which alone it may be called; none: from everywhere.
            own_domain: whether it is called by a domain of its own, and then by nothing else.
            rate_limit: requests a second of all callers together, and at once above that ``burst_limit``.
            public_rate_limit: requests a second for public records.
        """
        super().__init__(scope, id_)
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
            disable_execute_api_endpoint=own_domain,
            policy=_only_from(allowed_cidrs) if allowed_cidrs else None,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=rate_limit,
                throttling_burst_limit=burst_limit,
                method_options={
                    # Its own bucket: a flood without tokens takes nothing from those who have one.
                    _PUBLIC: apigateway.MethodDeploymentOptions(
                        throttling_rate_limit=public_rate_limit, throttling_burst_limit=public_rate_limit
                    ),
                    # Everybody looks when something is broken: nothing else has to wait for that.
                    _STATUS: apigateway.MethodDeploymentOptions(
                        throttling_rate_limit=STATUS_REQUESTS, throttling_burst_limit=STATUS_REQUESTS
                    ),
                },
                access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_LOG_LINE)),
            ),
        )
        # The library's own output: an address at which nobody answers when there is a domain.
        self.api.node.try_remove_child("Endpoint")
        gateway_replies.add_to(self.api)
        self._add_routes(PassingOn(self, "PassingOn", api=self.api, backend=backend), authorizer.authorizer)

    @property
    def stage(self) -> apigateway.Stage:
        """What is called: the last deployment of the API."""
        return self.api.deployment_stage

    @property
    def url(self) -> str:
        """Address of the stage, with a last slash; nobody answers there when it has a domain of its own."""
        return self.api.url

    def deploy_again_for(self, *values: object) -> None:
        """Make a new deployment whenever one of ``values`` is another than it was."""
        if self.api.latest_deployment:
            self.api.latest_deployment.add_to_logical_id(repr(values))

    def _add_routes(self, passing_on: PassingOn, authorizer: apigateway.IAuthorizer) -> None:
        api = self.api.root.add_resource("api")
        version = api.add_resource("v3")
        for resource, path in ((api, "api/{proxy}"), (version, "api/v3/{proxy}")):
            proxy = resource.add_resource("{proxy+}")
            passing_on.add(proxy, "ANY", path, authorizer=authorizer)
            # A browser's preflight carries no token: what comes of it is the service's to say.
            passing_on.add(proxy, "OPTIONS", path)
        public = version.add_resource("public")
        # One method is streamed or is not: whether a page of records or a stream is asked for does not show.
        passing_on.add(public.add_resource("{proxy+}"), "GET", "api/v3/public/{proxy}", streamed=True)
        # Needed before anybody has a token, so that no limit on records bears on it.
        passing_on.add(public.add_resource("about"), "GET", "api/v3/public/about")
        # Needed when nobody's token can be checked.
        passing_on.add(version.add_resource("status"), "GET", "api/v3/status")
        health = self.api.root.add_resource("health").add_resource("{proxy+}")
        passing_on.add(health, "GET", "health/{proxy}")


def _only_from(cidrs: Sequence[str]) -> iam.PolicyDocument:
    """Everybody may call, but nobody from elsewhere: beside an authorizer that allows, only a deny holds."""
    anybody, whole = iam.AnyPrincipal(), ["execute-api:/*"]
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(principals=[anybody], actions=[_CALL], resources=whole),
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[anybody],
                actions=[_CALL],
                resources=whole,
                conditions={"NotIpAddress": {"aws:SourceIp": list(cidrs)}},
            ),
        ]
    )
