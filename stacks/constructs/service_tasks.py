"""The web service as tasks in Fargate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs.network import Network
from stacks.constructs.service_image import ServiceImage

PORT = 8000
_USER = "10001:10001"
_KAFKA_PORT = 9098
"""Of brokers that check IAM, inside their network."""


class ServiceTasks(Construct):
    """As many tasks as their CPU asks for, replaced one by one; a deployment that fails is taken back.

    A task runs as nobody, on files that it cannot write, and nobody gets a shell in it. It may reach its
    brokers, its like, and HTTPS anywhere: Globus and most of AWS's APIs are on the internet.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        network: Network,
        image: ServiceImage,
        role: iam.IRole,
        told: Mapping[str, str],
        cpu: int,
        memory_mib: int,
        fewest: int,
        most: int,
        cpu_percent: int,
        spot: bool,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make them.

        Args:
            role: that the service signs with; it gets no right here.
            told: what the service reads as ``OCTOPUS_<NAME>``.
            spot: whether AWS may end tasks at two minutes' notice, for a third of the price.
        """
        super().__init__(scope, id_)
        self._access = ec2.SecurityGroup(
            self,
            "Access",
            vpc=network.vpc,
            description="Tasks of the web service",
            allow_all_outbound=False,
        )
        self._access.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Globus and AWS")
        # A request about a consumer is passed on to the task that holds it.
        self._access.connections.allow_internally(ec2.Port.tcp(PORT), "The service among its tasks")
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=name,
            vpc=network.vpc,
            # Paid by the metric; CPU, memory and the balancer's own come without.
            container_insights_v2=ecs.ContainerInsights.DISABLED,
        )
        # As a property, since the library's own resource for it goes before the service that uses it.
        made = cast("ecs.CfnCluster", cluster.node.default_child)
        made.capacity_providers = ["FARGATE", "FARGATE_SPOT"]
        log = logs.LogGroup(self, "Log", retention=log_retention, removal_policy=removal_policy)
        task = self._task(name, image, role, told, cpu, memory_mib, log)
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            capacity_provider_strategies=[
                ecs.CapacityProviderStrategy(
                    capacity_provider="FARGATE_SPOT" if spot else "FARGATE", weight=1
                )
            ],
            vpc_subnets=ec2.SubnetSelection(subnets=network.task_subnets),
            assign_public_ip=network.tasks_have_public_address,
            security_groups=[self._access],
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=Duration.seconds(120),
            enable_execute_command=False,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # No task starts before it may pull its image.
        self.service.node.add_dependency(task.obtain_execution_role())
        # How many there are is theirs to say: a number in the template would be set by each deployment.
        scaling = self.service.auto_scale_task_count(min_capacity=fewest, max_capacity=most)
        scaling.scale_on_cpu_utilization(
            "Cpu",
            target_utilization_percent=cpu_percent,
            scale_out_cooldown=Duration.seconds(60),
            scale_in_cooldown=Duration.seconds(300),
        )

    def reach(self, brokers: ec2.IConnectable) -> None:
        """Let tasks reach the brokers."""
        self._access.connections.allow_to(brokers, ec2.Port.tcp(_KAFKA_PORT), "The web service to Kafka")

    def serve(self, targets: elb.ApplicationTargetGroup) -> None:
        """Let a balancer's targets be the tasks."""
        self.service.attach_to_application_target_group(targets)

    def _task(
        self,
        name: str,
        image: ServiceImage,
        role: iam.IRole,
        told: Mapping[str, str],
        cpu: int,
        memory_mib: int,
        log: logs.ILogGroup,
    ) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=name,
            cpu=cpu,
            memory_limit_mib=memory_mib,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            task_role=role,
            volumes=[ecs.Volume(name="tmp")],
        )
        image.repository.grant_pull(task.obtain_execution_role())
        rights = ecs.LinuxParameters(self, "Rights")
        rights.drop_capabilities(ecs.Capability.ALL)
        container = task.add_container(
            "service",
            image=image.container_image,
            port_mappings=[ecs.PortMapping(container_port=PORT)],
            environment={
                **{f"OCTOPUS_{each.upper()}": value for each, value in told.items()},
                "OCTOPUS_LISTEN_HOST": "0.0.0.0",  # noqa: S104 - the task's own address, behind its security group
                "OCTOPUS_LISTEN_PORT": str(PORT),
                # CloudWatch makes metrics of such lines; there is no Prometheus beside a task.
                "OCTOPUS_METRICS_LOG": "true",
            },
            user=_USER,
            readonly_root_filesystem=True,
            linux_parameters=rights,
            # Fargate's most: requests under way end, and streams are told to come again.
            stop_timeout=Duration.seconds(120),
            # Lines are lost rather than requests held up when CloudWatch is slow.
            logging=ecs.LogDrivers.aws_logs(
                log_group=log, stream_prefix="web", mode=ecs.AwsLogDriverMode.NON_BLOCKING
            ),
        )
        container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False)  # noqa: S108 - the task's own
        )
        return task
