"""Settings of a librdkafka client that signs with an AWS key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.credentials import Credentials

    from octopus.addresses import Addresses
    from octopus.settings import DeployedSettings, HeartbeatSettings, ServiceSettings

TOKEN_REGION = "us-east-1"  # noqa: S105
"""Region that tokens are signed for off MSK: every judge accepts it, as published clients know no other."""


def client_settings(
    *,
    bootstrap_servers: str,
    ca_file: Path | None = None,
    credentials: Credentials | None = None,
    region: str = TOKEN_REGION,
) -> dict[str, Any]:
    """Settings for a ``confluent_kafka`` client: TLS, and a fresh token whenever librdkafka asks for one.

    Args:
        bootstrap_servers: comma-separated ``host:port``.
        ca_file: PEM bundle that signs the brokers' certificates; the system's roots when None.
        credentials: the key to sign with; AWS's default chain when None.
        region: AWS region in the token's scope; on MSK the cluster's own.
    """
    settings: dict[str, Any] = {
        "bootstrap.servers": bootstrap_servers,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": _token_source(credentials, region),
    }
    if ca_file is not None:
        settings["ssl.ca.location"] = str(ca_file)
    return settings


def own_client(
    settings: ServiceSettings | HeartbeatSettings,
    addresses: Addresses,
    credentials: Credentials | None = None,
) -> Callable[[], dict[str, Any]]:
    """Gives settings for the fabric's own clients, which reach the brokers from their network.

    Args:
        settings: of the deployment.
        addresses: of the same one; asked when a client connects.
        credentials: as for `client_settings`.
    """

    def settings_now() -> dict[str, Any]:
        return client_settings(
            bootstrap_servers=addresses.brokers().inside,
            ca_file=settings.kafka_ca_file,
            credentials=credentials,
            region=token_region(settings),
        )

    return settings_now


def token_region(settings: DeployedSettings) -> str:
    """The region that this deployment's brokers want tokens to be signed for."""
    return TOKEN_REGION if settings.kafka == "external" else settings.cluster_arn.split(":")[3]


def region_to_sign_for(taken: Sequence[str]) -> str:
    """The region of a token, of those that a fabric takes: if it can be, the one that every client knows."""
    return TOKEN_REGION if TOKEN_REGION in taken else taken[0]


def _token_source(credentials: Credentials | None, region: str) -> Callable[[str], tuple[str, float]]:
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider  # late: it loads boto3
    from botocore.credentials import CredentialProvider

    class Fixed(CredentialProvider):
        """Hands the signer one key: it takes a provider, not a key."""

        def load(self) -> Credentials | None:
            return credentials

    def sign(_config: str) -> tuple[str, float]:
        if credentials is None:
            token, expires_ms = MSKAuthTokenProvider.generate_auth_token(region)
        else:
            token, expires_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
                region, Fixed()
            )
        return token, expires_ms / 1000

    return sign
