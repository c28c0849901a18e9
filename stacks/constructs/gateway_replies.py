"""What the gateway says when it answers instead of the service: the body that the service would send."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aws_cdk import aws_apigateway as apigateway

_Type = apigateway.ResponseType


@dataclass(frozen=True, kw_only=True)
class _Reply:
    type: apigateway.ResponseType
    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


# 429 and 503 promise that nothing was done, so that only what never reached the service says them.
_RETRY = {"Retry-After": "'1'"}
_UNCHECKED = (
    "The token could not be checked: Globus Auth gave no answer, or does not know this fabric; try again."
)
_NOWHERE = "There is no such address."
_REPLIES = (
    _Reply(
        type=_Type.UNAUTHORIZED,
        status=401,
        message="A valid Globus access token is needed: Authorization must be 'Bearer <token>'.",
        headers={"WWW-Authenticate": "'Bearer'"},
    ),
    _Reply(
        type=_Type.ACCESS_DENIED,
        status=403,
        message="The token lacks the scope action_all of this service, or its address may not call it.",
    ),
    _Reply(type=_Type.WAF_FILTERED, status=403, message="The request was refused as an attack."),
    # The gateway's own answer to an address that it does not know is a misleading 403.
    _Reply(type=_Type.MISSING_AUTHENTICATION_TOKEN, status=404, message=_NOWHERE),
    _Reply(type=_Type.RESOURCE_NOT_FOUND, status=404, message=_NOWHERE),
    _Reply(type=_Type.REQUEST_TOO_LARGE, status=413, message="The body is over the gateway's 10 MB."),
    _Reply(type=_Type.UNSUPPORTED_MEDIA_TYPE, status=415, message="The body is of a type that is not taken."),
    _Reply(type=_Type.THROTTLED, status=429, message="Too many requests; try again.", headers=_RETRY),
    # An authorizer that raises is the first kind on AWS, whose documentation says so of the second one.
    _Reply(type=_Type.AUTHORIZER_CONFIGURATION_ERROR, status=503, message=_UNCHECKED, headers=_RETRY),
    _Reply(type=_Type.AUTHORIZER_FAILURE, status=503, message=_UNCHECKED, headers=_RETRY),
    _Reply(type=_Type.INTEGRATION_FAILURE, status=502, message="The web service could not be reached."),
    _Reply(type=_Type.INTEGRATION_TIMEOUT, status=504, message="The web service gave no answer in time."),
)
_OTHERS = (
    (_Type.DEFAULT_4_XX, 400, "The gateway refused the request."),
    (_Type.DEFAULT_5_XX, 500, "The gateway failed."),
)


def add_to(api: apigateway.RestApi) -> None:
    """Give each of the gateway's own refusals a body ``{"status", "error_code", "message"}``."""
    for reply in _REPLIES:
        api.add_gateway_response(
            reply.type.response_type,
            type=reply.type,
            status_code=str(reply.status),
            # Any page may read a refusal: a browser sends this service no cookie.
            response_headers={"Access-Control-Allow-Origin": "'*'", **reply.headers},
            templates=_body(reply.status, reply.message),
        )
    for type_, code, message in _OTHERS:
        # Many causes share these two, and each keeps its own status.
        api.add_gateway_response(
            type_.response_type,
            type=type_,
            response_headers={"Access-Control-Allow-Origin": "'*'"},
            templates=_body(code, message),
        )


def _body(error_code: int, message: str) -> dict[str, str]:
    body = {"status": "error", "error_code": error_code, "message": message}
    return {"application/json": json.dumps(body)}
