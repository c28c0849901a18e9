"""The internal balancer in front of the web service's tasks, and the gateway's link to it."""

from __future__ import annotations

from aws_cdk import CfnDeletionPolicy, Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.backend import Backend
from stacks.constructs.log_bucket import BALANCER
from stacks.constructs.network import Network


class Balancer(Construct):
    """A balancer that the gateway's link alone reaches, with TLS where there is a certificate.

    :attr:`backend` is what the gateway needs of it. Tasks are registered with :attr:`targets`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        network: Network,
        service_port: int,
        domain: str,
        certificate_arn: str,
        log_bucket: s3.IBucket,
    ) -> None:
        """Make it.

        Args:
            name: of balancer, targets and link; at most 32 characters.
            domain: that the certificate is for; without one the balancer speaks plain HTTP.
        """
        super().__init__(scope, id_)
        access = self._group("Access", network, "The balancer of the web service")
        linked = self._group("Linked", network, "Link of the gateway to the balancer")
        self.balancer = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            load_balancer_name=name,
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=network.balancer_subnets),
            internet_facing=False,
            security_group=access,
            # The service keeps connections open for longer, so that none ends under a request.
            idle_timeout=Duration.seconds(60),
            drop_invalid_header_fields=True,
        )
        # The bucket's policy is its own stack's: the library would change it from here.
        self.balancer.set_attribute("access_logs.s3.enabled", "true")
        self.balancer.set_attribute("access_logs.s3.bucket", log_bucket.bucket_name)
        self.balancer.set_attribute("access_logs.s3.prefix", BALANCER)
        self.targets = elb.ApplicationTargetGroup(
            self,
            "Targets",
            target_group_name=name,
            vpc=network.vpc,
            target_type=elb.TargetType.IP,
            protocol=elb.ApplicationProtocol.HTTP,
            port=service_port,
            deregistration_delay=Duration.seconds(30),
            # Alive, not ready: a task that cannot reach Kafka is not mended by another one.
            health_check=elb.HealthCheck(
                path="/health/live",
                healthy_http_codes="200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )
        secured = bool(domain)
        self.balancer.add_listener(
            "Listener",
            protocol=elb.ApplicationProtocol.HTTPS if secured else elb.ApplicationProtocol.HTTP,
            certificates=[elb.ListenerCertificate.from_arn(certificate_arn)] if secured else None,
            ssl_policy=elb.SslPolicy.TLS13_12_RES_PQ if secured else None,
            default_target_groups=[self.targets],
            open=False,
        )
        linked.connections.allow_to(access, ec2.Port.tcp(443 if secured else 80), "Requests of the gateway")
        link = apigatewayv2.CfnVpcLink(
            self,
            "Link",
            name=name,
            subnet_ids=[subnet.subnet_id for subnet in network.balancer_subnets],
            security_group_ids=[linked.security_group_id],
        )
        # A link cannot be changed. The gateway names the old one until its own stack has been deployed.
        link.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        link.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
        self.backend = Backend(
            base_url=f"https://{domain}" if secured else f"http://{self.balancer.load_balancer_dns_name}",
            vpc_link_id=link.ref,
            target_arn=self.balancer.load_balancer_arn,
        )

    def _group(self, id_: str, network: Network, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, id_, vpc=network.vpc, description=description, allow_all_outbound=False
        )
