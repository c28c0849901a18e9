"""What the gateway and its authorizer are made of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from tests.infrastructure.conftest import CAMPUS, Templates, synthesize


@pytest.fixture(scope="module")
def template(campus: Templates) -> dict[str, Any]:
    return campus["octopus-anl-service"]


@pytest.fixture(scope="module")
def found(template: dict[str, Any]) -> Template:
    return Template.from_json(template)


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


def test_gateway_is_regional_and_passes_bytes_on(found: Template) -> None:
    found.has_resource_properties(
        "AWS::ApiGateway::RestApi",
        {
            "Name": "octopus-anl-gateway",
            "BinaryMediaTypes": ["*/*"],
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
        },
    )
    # One role of the whole account: not for one stack to set.
    found.resource_count_is("AWS::ApiGateway::Account", 0)


def test_routes_are_the_api_behind_the_authorizer_and_public_records_and_health_before_it(
    template: dict[str, Any],
) -> None:
    routes = {
        (method["HttpMethod"], method["Integration"]["Uri"]): method["AuthorizationType"]
        for method in of_type(template, "AWS::ApiGateway::Method")
    }
    assert routes == {
        ("ANY", "https://octopus.example.org/api/{proxy}"): "CUSTOM",
        ("OPTIONS", "https://octopus.example.org/api/{proxy}"): "NONE",
        ("ANY", "https://octopus.example.org/api/v3/{proxy}"): "CUSTOM",
        ("OPTIONS", "https://octopus.example.org/api/v3/{proxy}"): "NONE",
        ("GET", "https://octopus.example.org/api/v3/public/{proxy}"): "NONE",
        ("GET", "https://octopus.example.org/health/{proxy}"): "NONE",
    }


def test_what_is_open_is_read_alone_and_lies_under_public_or_health(template: dict[str, Any]) -> None:
    paths = _paths(template)
    without_token = {
        (method["HttpMethod"], paths[method["ResourceId"]["Ref"]])
        for method in of_type(template, "AWS::ApiGateway::Method")
        if method["AuthorizationType"] == "NONE"
    }
    assert without_token == {
        ("OPTIONS", "/api/{proxy+}"),
        ("OPTIONS", "/api/v3/{proxy+}"),
        ("GET", "/api/v3/public/{proxy+}"),
        ("GET", "/health/{proxy+}"),
    }


def _paths(template: dict[str, Any]) -> dict[str, str]:
    """Whole paths of the gateway's resources, by logical id."""
    parts = {
        name: (resource["Properties"]["ParentId"].get("Ref"), resource["Properties"]["PathPart"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::Resource"
    }

    def path(name: str | None) -> str:
        if name is None:
            return ""
        parent, part = parts[name]
        return f"{path(parent)}/{part}"

    return {name: path(name) for name in parts}


def test_every_route_passes_the_request_on_unchanged(template: dict[str, Any]) -> None:
    for method in of_type(template, "AWS::ApiGateway::Method"):
        assert method["Integration"]["Type"] == "HTTP_PROXY"
        assert method["Integration"]["IntegrationHttpMethod"] == method["HttpMethod"]
        assert method["Integration"]["RequestParameters"] == {
            "integration.request.path.proxy": "method.request.path.proxy"
        }


def test_authorizer_reads_the_header_and_is_remembered_for_a_minute(found: Template) -> None:
    found.has_resource_properties(
        "AWS::ApiGateway::Authorizer",
        {
            "Type": "TOKEN",
            "IdentitySource": "method.request.header.Authorization",
            "AuthorizerResultTtlInSeconds": 60,
        },
    )


def test_authorizer_is_told_names_and_no_secret(found: Template) -> None:
    found.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "Handler": "handler.handler",
            "Environment": {
                "Variables": {
                    "OCTOPUS_GLOBUS_AUTH_URL": "https://auth.globus.org",
                    "OCTOPUS_GLOBUS_CLIENT_ID": CAMPUS["globus_client_id"],
                    "OCTOPUS_GLOBUS_SECRET_NAME": "octopus/anl/globus-client-secret",
                }
            },
            "LoggingConfig": {"LogGroup": {"Ref": "AuthorizerLogA5E42AA9"}},
        },
    )


def test_logs_end_after_the_given_days() -> None:
    template = synthesize({**CAMPUS, "log_retention_days": "7"})["octopus-anl-service"]
    kept = [group["RetentionInDays"] for group in of_type(template, "AWS::Logs::LogGroup")]
    assert kept == [7, 7]


def test_access_log_holds_no_header(template: dict[str, Any]) -> None:
    (stage,) = of_type(template, "AWS::ApiGateway::Stage")
    line = json.loads(stage["AccessLogSetting"]["Format"])
    assert line["subject"] == "$context.authorizer.principalId"
    assert not [value for value in line.values() if "header" in value.lower() or "token" in value.lower()]


def test_stage_is_throttled_as_the_settings_say() -> None:
    given = {**CAMPUS, "gateway_rate_limit": "20", "gateway_burst_limit": "40", "public_requests": "7"}
    template = synthesize(given)["octopus-anl-service"]
    Template.from_json(template).has_resource_properties(
        "AWS::ApiGateway::Stage",
        {
            "StageName": "live",
            "MethodSettings": [
                Match.object_like(
                    {"ResourcePath": "/*", "ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}
                ),
                {
                    "HttpMethod": "GET",
                    "ResourcePath": "/~1api~1v3~1public~1{proxy+}",
                    "DataTraceEnabled": False,
                    "ThrottlingRateLimit": 7,
                    "ThrottlingBurstLimit": 7,
                },
            ],
        },
    )


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("UNAUTHORIZED", 401),
        ("ACCESS_DENIED", 403),
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("REQUEST_TOO_LARGE", 413),
        ("THROTTLED", 429),
        ("INTEGRATION_FAILURE", 502),
        ("AUTHORIZER_FAILURE", 503),
        ("INTEGRATION_TIMEOUT", 504),
        ("DEFAULT_4XX", None),
        ("DEFAULT_5XX", None),
    ],
)
def test_refusals_of_the_gateway_have_the_services_body(
    template: dict[str, Any], kind: str, status: int | None
) -> None:
    (reply,) = [
        reply
        for reply in of_type(template, "AWS::ApiGateway::GatewayResponse")
        if reply["ResponseType"] == kind
    ]
    body = json.loads(reply["ResponseTemplates"]["application/json"])
    assert set(body) == {"status", "error_code", "message"}
    assert body["status"] == "error"
    if status is None:
        assert "StatusCode" not in reply
    else:
        assert (reply["StatusCode"], body["error_code"]) == (str(status), status)
    retried = "gatewayresponse.header.Retry-After" in reply["ResponseParameters"]
    assert retried is (status in (429, 503))
