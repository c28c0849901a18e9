"""What becomes of data when its stack goes."""

from __future__ import annotations

from aws_cdk import RemovalPolicy

from stacks.settings import Settings


def of_data(settings: Settings) -> RemovalPolicy:
    """Return the policy of everything that holds data: kept, unless the operator allowed its loss.

    A resource whose own creation failed holds nothing and goes: a first deployment can be tried again.
    """
    return RemovalPolicy.DESTROY if settings.allow_data_loss else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
