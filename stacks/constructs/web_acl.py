"""The web ACL in front of the gateway."""

from __future__ import annotations

import json

from aws_cdk import aws_wafv2 as waf
from constructs import Construct

COUNTED = (
    # Bodies are data: they are large, and may look like anything.
    "CrossSiteScripting_BODY",
    "EC2MetaDataSSRF_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "SizeRestrictions_BODY",
    # Topics may be called `detector.log`.
    "RestrictedExtensions_QUERYARGUMENTS",
    "RestrictedExtensions_URIPATH",
)
"""Rules of AWS's common rule set that refuse nothing here, but are counted."""
_TOO_MANY = {"status": "error", "error_code": 429, "message": "Too many requests; try again later."}
_WINDOW_S = 300


class WebAcl(Construct):
    """Refuses what AWS's common rule set takes for an attack, and 429 to an address that asks too often."""

    def __init__(self, scope: Construct, id_: str, *, name: str, requests: int) -> None:
        """Make it.

        Args:
            requests: from one address in five minutes, beyond which it is refused.
        """
        super().__init__(scope, id_)
        self._name = name
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=self._seen("all"),
            custom_response_bodies={
                "too-many": waf.CfnWebACL.CustomResponseBodyProperty(
                    content=json.dumps(_TOO_MANY), content_type="APPLICATION_JSON"
                )
            },
            rules=[self._rate(requests), self._common()],
        )
        self.arn = acl.attr_arn

    def _rate(self, requests: int) -> waf.CfnWebACL.RuleProperty:
        headers = {"Retry-After": str(_WINDOW_S), "Access-Control-Allow-Origin": "*"}
        return waf.CfnWebACL.RuleProperty(
            name="requests-of-one-address",
            priority=0,
            statement=waf.CfnWebACL.StatementProperty(
                rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                    limit=requests, aggregate_key_type="IP", evaluation_window_sec=_WINDOW_S
                )
            ),
            action=waf.CfnWebACL.RuleActionProperty(
                block=waf.CfnWebACL.BlockActionProperty(
                    custom_response=waf.CfnWebACL.CustomResponseProperty(
                        response_code=429,
                        custom_response_body_key="too-many",
                        response_headers=[
                            waf.CfnWebACL.CustomHTTPHeaderProperty(name=header, value=value)
                            for header, value in headers.items()
                        ],
                    )
                )
            ),
            visibility_config=self._seen("rate"),
        )

    def _common(self) -> waf.CfnWebACL.RuleProperty:
        return waf.CfnWebACL.RuleProperty(
            name="common",
            priority=1,
            statement=waf.CfnWebACL.StatementProperty(
                managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                    vendor_name="AWS",
                    name="AWSManagedRulesCommonRuleSet",
                    rule_action_overrides=[
                        waf.CfnWebACL.RuleActionOverrideProperty(
                            name=rule, action_to_use=waf.CfnWebACL.RuleActionProperty(count={})
                        )
                        for rule in COUNTED
                    ],
                )
            ),
            override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
            visibility_config=self._seen("common"),
        )

    def _seen(self, what: str) -> waf.CfnWebACL.VisibilityConfigProperty:
        return waf.CfnWebACL.VisibilityConfigProperty(
            cloud_watch_metrics_enabled=True,
            metric_name=f"{self._name}-{what}",
            # A sample holds whole requests, and so their tokens.
            sampled_requests_enabled=False,
        )
