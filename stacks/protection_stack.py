"""What stands before the gateway on request: a web ACL."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, Environment, Fn, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from stacks import lifetime
from stacks.constructs.web_acl import WebAcl
from stacks.settings import Settings


class ProtectionStack(Stack):
    """A web ACL, its association with one stage of the gateway, and a log of what it refused."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        stage_arn: str,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id_, env=env, description=f"Octopus {settings.institution}: web ACL")
        acl = WebAcl(self, "WebAcl", name=settings.named("gateway"), requests=settings.waf_requests)
        waf.CfnWebACLAssociation(self, "Association", resource_arn=stage_arn, web_acl_arn=acl.arn)
        self._write_down_refusals(settings, acl)

    def _write_down_refusals(self, settings: Settings, acl: WebAcl) -> None:
        this_stack = Fn.select(2, Fn.split("/", Aws.STACK_ID))
        log = logs.LogGroup(
            self,
            "Log",
            # WAF writes to groups of this prefix only. With the stack's own id at its end, the log that a
            # stack leaves behind is not in the way of the next one.
            log_group_name=f"aws-waf-logs-{settings.named('gateway')}-{this_stack}",
            retention=lifetime.of_logs(settings),
            removal_policy=lifetime.of_data(settings),
        )
        waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.arn,
            # Without the `:*` at its end that the library gives the ARN of a group.
            log_destination_configs=[
                self.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=log.log_group_name,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            redacted_fields=[
                waf.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": "authorization"})
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
                    }
                ],
            },
        )
