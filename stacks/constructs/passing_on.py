"""How the gateway passes a request on to the web service, and gives back what it says."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from stacks.constructs.backend import Backend

_LONGEST_STREAM = Duration.minutes(15)
"""Of the gateway; the service ends a reply long before."""


class PassingOn(Construct):
    """Makes methods of one REST API whose requests go on unchanged to one backend."""

    def __init__(self, scope: Construct, id_: str, *, api: apigateway.RestApi, backend: Backend) -> None:
        super().__init__(scope, id_)
        self._api = api
        self._backend = backend
        self._validator = api.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
        self._link = (
            apigateway.VpcLink.from_vpc_link_id(self, "Link", backend.vpc_link_id)
            if backend.vpc_link_id
            else None
        )

    def add(
        self,
        resource: apigateway.Resource,
        method: str,
        path: str,
        *,
        authorizer: apigateway.IAuthorizer | None = None,
        streamed: bool = False,
    ) -> None:
        """Pass requests of ``method`` on.

        Args:
            path: at the backend, without the first slash; ``{proxy}`` is what the resource took of it.
            authorizer: who is asked before; nobody when None.
            streamed: whether a reply goes out as it comes, not when it is whole.
        """
        parameters = ["proxy"] if "{proxy}" in path else []
        integration = apigateway.HttpIntegration(
            f"{self._backend.base_url}/{path}",
            http_method=method,
            proxy=True,
            options=apigateway.IntegrationOptions(
                request_parameters={
                    f"integration.request.path.{name}": f"method.request.path.{name}" for name in parameters
                },
                vpc_link=self._link,
                connection_type=apigateway.ConnectionType.VPC_LINK if self._link else None,
                response_transfer_mode=apigateway.ResponseTransferMode.STREAM if streamed else None,
                timeout=_LONGEST_STREAM if streamed else None,
            ),
        )
        made = resource.add_method(
            method,
            integration,
            authorizer=authorizer,
            authorization_type=None if authorizer else apigateway.AuthorizationType.NONE,
            request_parameters={f"method.request.path.{name}": True for name in parameters},
            request_validator=self._validator,
        )
        if self._backend.target_arn:
            self._aim(made, self._backend.target_arn)

    def _aim(self, method: apigateway.Method, target_arn: str) -> None:
        """Say which balancer is behind the link: AWS refuses a method without it; the library has no word."""
        made = cast("apigateway.CfnMethod", method.node.default_child)
        made.add_property_override("Integration.IntegrationTarget", target_arn)
        # The library makes a new deployment of what it knows to have changed, and of nothing else.
        if self._api.latest_deployment:
            self._api.latest_deployment.add_to_logical_id({"target": target_arn})
