"""Octopus on AWS: settings, stacks, synth."""

from __future__ import annotations

import os
import sys

import aws_cdk as cdk

from stacks import fabric
from stacks.settings import Settings, SettingsError

app = cdk.App()
try:
    # The CDK's command line says which region its credentials are for.
    settings = Settings.from_context(app.node.get_all_context(), region=os.environ.get("CDK_DEFAULT_REGION"))
except SettingsError as error:
    sys.exit(f"\n{error}\n")

fabric.build(app, settings)
app.synth()
