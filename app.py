"""Octopus on AWS: settings, stacks, synth."""

from __future__ import annotations

import sys

import aws_cdk as cdk

from stacks.foundation_stack import FoundationStack
from stacks.service_stack import ServiceStack
from stacks.settings import Settings, SettingsError

app = cdk.App()
try:
    settings = Settings.from_context(app.node.get_all_context())
except SettingsError as error:
    sys.exit(f"\n{error}\n")

foundation = FoundationStack(app, settings.named("foundation"), settings=settings)
service = ServiceStack(app, settings.named("service"), settings=settings)
service.add_stack_dependency(foundation)

app.synth()
