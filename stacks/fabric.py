"""All of one institution's stacks, and what each gets of the others."""

from __future__ import annotations

import aws_cdk as cdk

from stacks.constructs.backend import Backend
from stacks.foundation_stack import FoundationStack
from stacks.service_stack import ServiceStack
from stacks.settings import Settings


def build(app: cdk.App, settings: Settings) -> None:
    """Make the stacks in ``app``. References go one way, from the first to the last."""
    app.node.set_context("@aws-cdk/core:bootstrapQualifier", settings.bootstrap_qualifier)
    for name, value in settings.tags:
        cdk.Tags.of(app).add(name, value)
    here = cdk.Environment(region=settings.region)

    foundation = FoundationStack(app, settings.named("foundation"), settings=settings, env=here)
    backend = Backend(base_url=settings.service_url)
    service = ServiceStack(app, settings.named("service"), settings=settings, backend=backend, env=here)
    service.add_stack_dependency(foundation)
