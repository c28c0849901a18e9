"""What the web ACL refuses, counts and writes down."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template

from stacks.constructs.web_acl import COUNTED
from stacks.protection_stack import ProtectionStack
from stacks.settings import Settings
from tests.infrastructure.conftest import CAMPUS
from tests.infrastructure.synthesis import ROOT, flags

STAGE = "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/live"


@pytest.fixture(scope="module")
def found() -> Template:
    settings = Settings.from_context(CAMPUS | {"waf": "true", "waf_requests": "3000"})
    stack = ProtectionStack(cdk.App(context=flags()), "protection", settings=settings, stage_arn=STAGE)
    return Template.from_stack(stack)


def acl(found: Template) -> dict[str, Any]:
    (only,) = found.find_resources("AWS::WAFv2::WebACL").values()
    return dict(only["Properties"])


def rule(found: Template, name: str) -> dict[str, Any]:
    (only,) = [one for one in acl(found)["Rules"] if one["Name"] == name]
    return dict(only)


def test_acl_stands_before_the_stage(found: Template) -> None:
    found.has_resource_properties(
        "AWS::WAFv2::WebACLAssociation",
        {"ResourceArn": STAGE, "WebACLArn": Match.object_like({"Fn::GetAtt": Match.any_value()})},
    )
    assert acl(found)["Scope"] == "REGIONAL"
    assert acl(found)["DefaultAction"] == {"Allow": {}}


def test_address_that_asks_too_often_is_told_429_with_the_services_body(found: Template) -> None:
    rate = rule(found, "requests-of-one-address")
    assert rate["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": 300,
        "Limit": 3000,
    }
    refused = rate["Action"]["Block"]["CustomResponse"]
    assert refused["ResponseCode"] == 429
    assert {"Name": "Retry-After", "Value": "300"} in refused["ResponseHeaders"]
    body = acl(found)["CustomResponseBodies"][refused["CustomResponseBodyKey"]]
    assert body["ContentType"] == "APPLICATION_JSON"
    said = json.loads(body["Content"])
    assert set(said) == {"status", "error_code", "message"}
    assert (said["status"], said["error_code"]) == ("error", 429)


def test_rules_about_bodies_and_names_of_topics_only_count(found: Template) -> None:
    """Five hundred records of 10 KB are a body over WAF's 8 KB, and records may hold anything."""
    common = rule(found, "common")
    group = common["Statement"]["ManagedRuleGroupStatement"]
    assert (group["VendorName"], group["Name"]) == ("AWS", "AWSManagedRulesCommonRuleSet")
    assert common["OverrideAction"] == {"None": {}}
    counted = {one["Name"] for one in group["RuleActionOverrides"] if one["ActionToUse"] == {"Count": {}}}
    assert len(counted) == len(group["RuleActionOverrides"])
    # Every rule of the group that reads a body. Source: AWS WAF Developer Guide, "Baseline rule groups".
    bodies = ("CrossSiteScripting", "EC2MetaDataSSRF", "GenericLFI", "GenericRFI", "SizeRestrictions")
    assert {f"{name}_BODY" for name in bodies} <= counted
    assert {"RestrictedExtensions_URIPATH", "RestrictedExtensions_QUERYARGUMENTS"} <= counted


def test_what_is_refused_is_written_down_without_a_token(found: Template) -> None:
    (logging,) = found.find_resources("AWS::WAFv2::LoggingConfiguration").values()
    assert logging["Properties"]["RedactedFields"] == [{"SingleHeader": {"Name": "authorization"}}]
    assert logging["Properties"]["LoggingFilter"]["DefaultBehavior"] == "DROP"
    (log,) = found.find_resources("AWS::Logs::LogGroup").values()
    assert log["Properties"]["LogGroupName"]["Fn::Join"][1][0] == "aws-waf-logs-octopus-anl-gateway-"
    assert log["Properties"]["RetentionInDays"] == 30
    # A sample would hold whole requests.
    seen = [acl(found)["VisibilityConfig"], *(one["VisibilityConfig"] for one in acl(found)["Rules"])]
    assert [one["SampledRequestsEnabled"] for one in seen] == [False, False, False]
    assert [one["CloudWatchMetricsEnabled"] for one in seen] == [True, True, True]


def test_rules_that_only_count_stand_in_the_docs() -> None:
    page = (ROOT / "docs" / "gateway.md").read_text()
    assert [rule for rule in COUNTED if f"`{rule}`" not in page] == []
