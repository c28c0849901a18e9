"""All of one institution's stacks, and what each gets of the others."""

from __future__ import annotations

from dataclasses import replace

import aws_cdk as cdk

from stacks import logical_ids
from stacks.budget_stack import BudgetStack
from stacks.constructs.backend import Backend
from stacks.foundation_stack import FoundationStack
from stacks.hosting_stack import HostingStack
from stacks.kafka_stack import KafkaStack
from stacks.monitoring.series import Installed
from stacks.monitoring_stack import MonitoringStack
from stacks.network_stack import NetworkStack
from stacks.protection_stack import ProtectionStack
from stacks.role_rules import RoleRules
from stacks.service_stack import ServiceStack
from stacks.settings import Settings


def build(app: cdk.App, settings: Settings) -> None:
    """Make the stacks in ``app``. References go one way, from the first to the last."""
    app.node.set_context("@aws-cdk/core:bootstrapQualifier", settings.bootstrap_qualifier)
    for name, value in settings.tags:
        # A serverless cluster never changes its tags: another one would ask for another cluster.
        cdk.Tags.of(app).add(name, value, exclude_resource_types=["AWS::MSK::ServerlessCluster"])
    if settings.role_path != "/" or settings.role_permissions_boundary:
        rules = RoleRules(path=settings.role_path, boundary=settings.role_permissions_boundary)
        cdk.Aspects.of(app).add(rules)
    here = cdk.Environment(region=settings.region)

    network: NetworkStack | None = None
    kafka: KafkaStack | None = None
    if settings.on_msk:
        network = NetworkStack(app, settings.named("network"), settings=settings, env=here)
        kafka = KafkaStack(app, settings.named("kafka"), settings=settings, network=network.network, env=here)
    foundation = FoundationStack(
        app,
        settings.named("foundation"),
        settings=settings,
        env=here,
        cluster_uuid=kafka.cluster_uuid if kafka else None,
    )
    if kafka:
        foundation.add_stack_dependency(kafka)
    backend = Backend(base_url=settings.service_url)
    hosting: HostingStack | None = None
    if network and kafka and settings.in_fargate:
        hosting = HostingStack(
            app,
            settings.named("hosting"),
            settings=settings,
            network=network.network,
            kafka_connections=kafka.connections,
            foundation=foundation,
            env=here,
        )
        hosting.add_stack_dependency(foundation)
        backend = hosting.backend
    service = ServiceStack(app, settings.named("service"), settings=settings, backend=backend, env=here)
    service.add_stack_dependency(foundation)
    MonitoringStack(
        app,
        settings.named("monitoring"),
        installed=_installed(settings, network, kafka, hosting, service),
        foundation=foundation,
        public_url=service.url,
        env=here,
    ).add_stack_dependency(service)
    if settings.waf:
        stage_arn = service.gateway.stage.stage_arn
        ProtectionStack(
            app, settings.named("protection"), settings=settings, stage_arn=stage_arn, env=here
        ).add_stack_dependency(service)
    if settings.budget_usd:
        BudgetStack(
            app, settings.named("budget"), settings=settings, alarm_topic=foundation.alarm_topic, env=here
        ).add_stack_dependency(foundation)
    logical_ids.pin(app, settings)


def _installed(
    settings: Settings,
    network: NetworkStack | None,
    kafka: KafkaStack | None,
    hosting: HostingStack | None,
    service: ServiceStack,
) -> Installed:
    """Return what there is to watch, by the names that it was given."""
    found = Installed(
        settings=settings,
        authorizer=service.authorizer.function.function_name,
        nat_gateways=network.nat_gateways if network else (),
        authorizer_logs=kafka.authorizer_logs.bucket_name if kafka and kafka.authorizer_logs else "",
    )
    if hosting is None:
        return found
    return replace(
        found,
        balancer=hosting.balancer.balancer.load_balancer_full_name,
        targets=hosting.balancer.targets.target_group_full_name,
        service=hosting.tasks.service.service_name,
    )
