"""Keys of the platform's own processes."""

from __future__ import annotations

from octopus import aws
from octopus.credentials.models import Kind
from octopus.credentials.service import open_platform_credentials
from octopus.registry.leases import Leases
from octopus.settings import DeployedSettings

_FIRST_TURN_S = 20.0


def issue_platform_key(
    *, principal: str, user_name: str, settings: DeployedSettings | None = None
) -> tuple[str, str]:
    """The key of a platform process: access key id and secret; the recorded one while it works.

    Args:
        principal: name in Kafka and in the registry, such as ``service``.
        user_name: IAM user that the stacks made for it.
        settings: of the deployment; from the environment when None.

    Raises:
        PrincipalGoneError: IAM has no such user.
        UnavailableError: another process issues a key for it just now.
    """
    deployed = settings or DeployedSettings()  # from the environment
    credentials = open_platform_credentials(deployed)
    leases = Leases(aws.dynamodb(), deployed.registry_table)
    with leases.hold(f"principal {principal}", patience_s=_FIRST_TURN_S) as lease:
        key = credentials.current(principal, user_name) or credentials.issue(
            principal, user_name, lease, kind=Kind.PLATFORM
        )
    return key.access_key_id, key.secret
