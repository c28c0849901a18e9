"""The gateway's own domain."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct


class GatewayDomain(Construct):
    """A regional domain name, TLS 1.2 at least, whose whole tree of addresses is one stage of one API."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        api: apigateway.RestApi,
        domain: str,
        certificate_arn: str,
        hosted_zone_id: str,
    ) -> None:
        """Make it.

        Args:
            certificate_arn: of a certificate that is issued for the domain, in this region.
            hosted_zone_id: where its address is written; "": somebody else writes :attr:`target` down.
        """
        super().__init__(scope, id_)
        name = apigateway.DomainName(
            self,
            "Name",
            domain_name=domain,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", certificate_arn),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        apigateway.BasePathMapping(self, "Mapping", domain_name=name, rest_api=api)
        self.target = name.domain_name_alias_domain_name
        if hosted_zone_id:
            route53.CfnRecordSet(
                self,
                "Address",
                hosted_zone_id=hosted_zone_id,
                name=domain,
                type="A",
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=self.target, hosted_zone_id=name.domain_name_alias_hosted_zone_id
                ),
            )
