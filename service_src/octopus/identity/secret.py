"""The secret of the service's own Globus client, which may be there later than the service, and change."""

from __future__ import annotations

from collections.abc import Callable

from octopus import aws
from octopus.errors import UnavailableError
from octopus.learnt import Learnt
from octopus.settings import DeployedSettings

READ_AGAIN_S = 300.0
"""How long a secret that was replaced is used at most: until then Globus Auth has to take both."""


class NotRegisteredError(UnavailableError):
    """The fabric has no Globus client yet, or not its secret: nobody can be let in."""


def open_secret(settings: DeployedSettings) -> Callable[[], str]:
    """Gives the secret of one deployment's client; it is read when it is first needed, and again.

    What it gives raises:
        NotRegisteredError: it is not there yet; says what its operator has to do.
    """
    name = settings.globus_secret_name

    def read() -> str | None:
        client = aws.secretsmanager()
        try:
            return client.get_secret_value(SecretId=name)["SecretString"] or None
        except client.exceptions.ResourceNotFoundException:
            return None

    known: Learnt[str] = Learnt("Globus secret", read, lasts_s=READ_AGAIN_S)

    def secret() -> str:
        if not settings.globus_client_id:
            raise NotRegisteredError(
                "Nobody can log in to this fabric yet: it has no globus_client_id, which its operator gives"
                " it with the next deployment"
            )
        found = known.get()
        if found is None:
            raise NotRegisteredError(
                "Nobody can log in to this fabric yet: Secrets Manager does not give the secret of its Globus"
                f" client, which its operator keeps there as {name}"
            )
        return found

    return secret
