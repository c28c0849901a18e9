"""The address that the fabric's mail comes from, in Amazon SES."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct


class MailSender(Construct):
    """An address that somebody has verified in SES, or whose domain is; nothing is made."""

    def __init__(self, scope: Construct, id_: str, *, address: str) -> None:
        super().__init__(scope, id_)
        self.address = address

    def grant_send(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` send mail from this address, and from no other."""
        identities = Stack.of(self).format_arn(
            service="ses",
            resource="identity",
            # Whether the address is verified or its domain is, is not known here.
            resource_name="*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["ses:SendEmail"],
                resources=[identities],
                conditions={"StringEquals": {"ses:FromAddress": self.address}},
            )
        )
