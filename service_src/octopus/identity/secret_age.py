"""How old the secret of the Globus client is: who learnt it once may use it until it is replaced."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from octopus.metrics.put import PutMetrics

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_DAY_S = 86400


class SecretAge:
    """Looks at one secret in Secrets Manager."""

    def __init__(
        self,
        client: SecretsManagerClient,
        metrics: PutMetrics,
        *,
        name: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            name: of the secret.
            clock: seconds since the epoch.
        """
        self._client = client
        self._metrics = metrics
        self._name = name
        self._clock = clock

    def measure(self) -> None:
        """Write the metric that an alarm stands on; nothing while there is no secret."""
        try:
            # Of this version of it. When the secret was last changed would be later with each new tag; and to
            # read it is what the service may do with it anyway.
            made = self._client.get_secret_value(SecretId=self._name)["CreatedDate"]
        except self._client.exceptions.ResourceNotFoundException:
            return
        self._metrics.put({"GlobusSecretAgeDays": (self._clock() - made.timestamp()) / _DAY_S})
