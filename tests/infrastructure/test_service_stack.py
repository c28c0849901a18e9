"""What the gateway and its authorizer are made of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template

from octopus.status import service as status
from octopus.web import stage
from stacks.constructs import gateway
from stacks.constructs.backend import Backend
from stacks.service_stack import ServiceStack
from stacks.settings import Settings
from tests.infrastructure.conftest import CAMPUS, Templates, synthesize
from tests.infrastructure.synthesis import flags

CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/6f5e4d3c-2b1a-4098-8765-4321fedcba98"


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


def test_routes_are_the_api_behind_the_authorizer_and_what_is_open_before_it(
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
        ("GET", "https://octopus.example.org/api/v3/public/about"): "NONE",
        ("GET", "https://octopus.example.org/api/v3/status"): "NONE",
        ("GET", "https://octopus.example.org/health/{proxy}"): "NONE",
    }


def test_what_is_open_is_read_alone_and_is_public_status_or_health(template: dict[str, Any]) -> None:
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
        ("GET", "/api/v3/public/about"),
        ("GET", "/api/v3/status"),
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
        if "{proxy}" in method["Integration"]["Uri"]:
            assert method["Integration"]["RequestParameters"] == {
                "integration.request.path.proxy": "method.request.path.proxy"
            }
        assert "ConnectionType" not in method["Integration"]


def test_public_records_alone_go_out_as_they_come(template: dict[str, Any]) -> None:
    """One method is streamed or is not, so that pages of records are, too."""
    streamed = {
        method["Integration"]["Uri"]: method["Integration"]["TimeoutInMillis"]
        for method in of_type(template, "AWS::ApiGateway::Method")
        if method["Integration"].get("ResponseTransferMode") == "STREAM"
    }
    assert streamed == {"https://octopus.example.org/api/v3/public/{proxy}": 900_000}


def test_every_request_is_validated(template: dict[str, Any]) -> None:
    (validator,) = [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::RequestValidator"
    ]
    for method in of_type(template, "AWS::ApiGateway::Method"):
        assert method["RequestValidatorId"] == {"Ref": validator}


def test_gateway_says_where_it_is(template: dict[str, Any]) -> None:
    (parameter,) = of_type(template, "AWS::SSM::Parameter")
    assert parameter["Name"] == "/octopus/anl/gateway_url"
    assert parameter["Value"] == template["Outputs"]["GatewayUrl"]["Value"]


def service(backend: Backend | None = None, **given: str) -> dict[str, Any]:
    stack = ServiceStack(
        cdk.App(context=flags() | {"aws:cdk:bundling-stacks": []}),
        "service",
        settings=Settings.from_context(CAMPUS | given),
        backend=backend or Backend(base_url="https://octopus.example.org"),
    )
    return dict(Template.from_stack(stack).to_json())


LINKED = Backend(base_url="http://balancer.internal", vpc_link_id="link-1", target_arn="balancer-1")


def deployment(template: dict[str, Any]) -> str:
    (live,) = of_type(template, "AWS::ApiGateway::Stage")
    return str(live["DeploymentId"]["Ref"])


def test_service_in_a_vpc_is_reached_through_its_link_by_every_route() -> None:
    methods = of_type(service(LINKED), "AWS::ApiGateway::Method")
    assert len(methods) == 8
    for method in methods:
        integration = method["Integration"]
        assert integration["Type"] == "HTTP_PROXY"
        assert integration["ConnectionType"] == "VPC_LINK"
        assert integration["ConnectionId"] == "link-1"
        assert integration["IntegrationTarget"] == "balancer-1"
        assert integration["Uri"].startswith("http://balancer.internal/")


@pytest.mark.parametrize(
    "change",
    [
        {"backend": replace(LINKED, base_url="http://another.internal")},
        {"backend": replace(LINKED, vpc_link_id="link-2")},
        {"backend": replace(LINKED, target_arn="balancer-2")},
        {"vpc_cidr": "10.77.0.0/16"},
        {"api_allowed_cidrs": "192.0.2.0/24"},
    ],
    ids=["address", "link", "target", "network", "allowed"],
)
def test_every_change_of_what_is_behind_the_gateway_is_deployed(change: dict[str, Any]) -> None:
    """A deployment is a snapshot: without a new one the stage goes on as before."""
    before = deployment(service(LINKED))
    assert before == deployment(service(LINKED, log_retention_days="7"))
    assert before != deployment(service(**{"backend": LINKED, **change}))


def test_own_domain_is_the_only_address() -> None:
    template = service(
        domain="octopus.example.org", certificate_arn=CERTIFICATE, hosted_zone_id="Z0A1B2C3D4E5F6"
    )
    (api,) = of_type(template, "AWS::ApiGateway::RestApi")
    assert api["DisableExecuteApiEndpoint"] is True
    (domain,) = of_type(template, "AWS::ApiGateway::DomainName")
    assert domain == {
        "DomainName": "octopus.example.org",
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
        "RegionalCertificateArn": CERTIFICATE,
        "SecurityPolicy": "TLS_1_2",
    }
    (mapping,) = of_type(template, "AWS::ApiGateway::BasePathMapping")
    assert "BasePath" not in mapping
    (record,) = of_type(template, "AWS::Route53::RecordSet")
    assert (record["HostedZoneId"], record["Name"], record["Type"]) == (
        "Z0A1B2C3D4E5F6",
        "octopus.example.org",
        "A",
    )
    assert template["Outputs"]["GatewayUrl"]["Value"] == "https://octopus.example.org/"
    # None shows the address that is turned off.
    assert "execute-api" not in json.dumps(template["Outputs"])
    (parameter,) = of_type(template, "AWS::SSM::Parameter")
    assert parameter["Value"] == "https://octopus.example.org/"


def test_address_of_the_domain_is_left_to_the_operator_without_a_zone() -> None:
    template = service(domain="octopus.example.org", certificate_arn=CERTIFICATE)
    assert of_type(template, "AWS::Route53::RecordSet") == []
    assert "RegionalDomainName" in json.dumps(template["Outputs"]["DomainTarget"]["Value"])


def test_gateway_may_be_called_from_the_given_networks_alone(template: dict[str, Any]) -> None:
    (closed,) = of_type(service(api_allowed_cidrs="192.0.2.0/24,198.51.100.0/24"), "AWS::ApiGateway::RestApi")
    allow, deny = closed["Policy"]["Statement"]
    # An allow alone would not do: what the authorizer allows is allowed.
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    for statement in (allow, deny):
        assert statement["Action"] == "execute-api:Invoke"
        assert statement["Resource"] == "execute-api:/*"
        assert statement["Principal"] == {"AWS": "*"}
    assert deny["Condition"] == {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}
    (everywhere,) = of_type(template, "AWS::ApiGateway::RestApi")
    assert "Policy" not in everywhere


def test_without_a_globus_client_the_next_step_is_said(template: dict[str, Any]) -> None:
    assert "NextStep" not in template["Outputs"]
    unregistered = {name: value for name, value in CAMPUS.items() if name != "globus_client_id"}
    stack = ServiceStack(
        cdk.App(context=flags()),
        "service",
        settings=Settings.from_context(unregistered),
        backend=LINKED,
    )
    outputs = Template.from_stack(stack).to_json()["Outputs"]
    assert outputs["NextStep"]["Value"] == "octopus globus setup --institution anl"


def test_service_and_gateway_mean_the_same_stage_and_the_same_rate_of_the_status() -> None:
    assert gateway.STAGE == stage.STAGE
    assert gateway.STATUS_REQUESTS == status.REQUESTS


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
                    "OCTOPUS_INSTITUTION": "anl",
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
                {
                    "HttpMethod": "GET",
                    "ResourcePath": "/~1api~1v3~1status",
                    "DataTraceEnabled": False,
                    "ThrottlingRateLimit": status.REQUESTS,
                    "ThrottlingBurstLimit": status.REQUESTS,
                },
            ],
        },
    )


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("UNAUTHORIZED", 401),
        ("ACCESS_DENIED", 403),
        ("WAF_FILTERED", 403),
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("RESOURCE_NOT_FOUND", 404),
        ("REQUEST_TOO_LARGE", 413),
        ("UNSUPPORTED_MEDIA_TYPE", 415),
        ("THROTTLED", 429),
        ("INTEGRATION_FAILURE", 502),
        ("AUTHORIZER_CONFIGURATION_ERROR", 503),
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
