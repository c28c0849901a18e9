"""The web service where the institution runs nothing itself: tasks in Fargate behind an internal balancer."""

from __future__ import annotations

from aws_cdk import Environment, Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks import lifetime
from stacks.constructs.balancer import Balancer
from stacks.constructs.network import Network
from stacks.constructs.service_image import ServiceImage
from stacks.constructs.service_tasks import PORT, ServiceTasks
from stacks.foundation_stack import FoundationStack
from stacks.settings import Settings


class HostingStack(Stack):
    """Image, tasks and balancer. It holds no data but logs: it may be destroyed and made again."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        network: Network,
        kafka_connections: ec2.IConnectable,
        foundation: FoundationStack,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id_, env=env, description=f"Octopus {settings.institution}: the web service")
        if foundation.service_role is None:
            raise ValueError("foundation must hold a role for tasks: hosting is not fargate")
        image = ServiceImage(
            self,
            "Image",
            image=settings.image,
            name=settings.named("web"),
            parameters=f"/octopus/{settings.institution}/image-build",
            log_retention=lifetime.of_logs(settings),
            removal_policy=lifetime.of_data(settings),
        )
        balancer = Balancer(
            self,
            "Balancer",
            name=settings.named("web"),
            network=network,
            service_port=PORT,
            domain=settings.domain,
            certificate_arn=settings.certificate_arn,
            log_bucket=foundation.log_bucket,
        )
        tasks = ServiceTasks(
            self,
            "Tasks",
            name=settings.named("web"),
            network=network,
            image=image,
            role=foundation.service_role,
            told=foundation.told,
            cpu=settings.service_cpu,
            memory_mib=settings.service_memory_mib,
            fewest=settings.service_replicas,
            most=settings.service_replicas_most,
            cpu_percent=settings.service_cpu_percent,
            spot=settings.service_spot,
            log_retention=lifetime.of_logs(settings),
            removal_policy=lifetime.of_data(settings),
        )
        tasks.reach(kafka_connections)
        tasks.serve(balancer.targets)
        self.backend = balancer.backend
        """What the gateway needs of it."""
        self.balancer = balancer
        self.tasks = tasks
