"""What a fabric says of itself, out of what it was deployed with."""

from __future__ import annotations

from octopus.about.models import AboutFabric
from octopus.identity.scopes import action_all
from octopus.kafka.client import token_region
from octopus.settings import DeployedSettings


def describe(settings: DeployedSettings) -> AboutFabric:
    """What anybody may know: nothing of it says what the fabric is made of."""
    client = settings.globus_client_id or None
    where = f"Log in at {settings.globus_auth_url}" if client else "This fabric lets nobody log in yet"
    # MSK takes its own region alone; the judge of any other cluster, the published one too.
    regions = {token_region(settings), settings.cluster_arn.split(":")[3]}
    return AboutFabric(
        message=where,
        globus_auth_url=settings.globus_auth_url,
        globus_client_id=client,
        globus_scope=action_all(client) if client else None,
        cli_client_id=settings.cli_client_id or None,
        kafka_regions=sorted(regions),
        credentials=settings.credentials,
    )
