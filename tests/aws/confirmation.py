"""What the lane makes on a real account, what that costs about, and whether somebody wants it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

import aws_cdk as cdk

from stacks import fabric
from stacks.cost import bill, load
from stacks.settings import Settings
from tests.infrastructure.synthesis import flags

CONFIRMATION = "OCTOPUS_AWS_LANE_ACCOUNT"
"""Variable that must hold the account's number before anything is made."""
HOURS = 3
"""How long the lane takes about, most of it for the brokers."""
_HOURS_A_MONTH = 730


def is_confirmed(account_id: str) -> bool:
    """Whether somebody has named this account as the one to make it in."""
    return os.environ.get(CONFIRMATION) == account_id


def described(context: Mapping[str, str], *, account_id: str, region: str) -> str:
    """Return what would be made, where, for about how much, and how to want it."""
    app = cdk.App(context=flags() | {"aws:cdk:bundling-stacks": []})
    settings = Settings.from_context(context, region=region)
    fabric.build(app, settings)
    lines = [f"This makes a whole fabric in the AWS account {account_id}, in {region}:", ""]
    for stack in app.synth().stacks:
        kinds = Counter(resource["Type"] for resource in stack.template["Resources"].values())
        most = ", ".join(f"{count} {kind.removeprefix('AWS::')}" for kind, count in kinds.most_common(4))
        lines.append(f"  {stack.stack_name}: {kinds.total()} resources ({most}, ...)")
    month = bill.of(settings, load.of({}, settings))
    usd = month.usd / _HOURS_A_MONTH * HOURS
    return "\n".join(
        [
            *lines,
            "",
            f"and a few IAM users, roles and a queue for the tests. It takes about {HOURS} hours and",
            f"costs about {usd:.2f} USD ({month.usd:.0f} a month, at prices of {month.prices.compiled}: see",
            "scripts/cost). The last test destroys all of it; when a run is broken off, run that test alone",
            "(-k test_destroying_leaves_nothing).",
            "",
            f"To go on: {CONFIRMATION}={account_id}",
        ]
    )
