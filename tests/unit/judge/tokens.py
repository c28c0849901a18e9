"""Tokens made by hand, so that they can be wrong in one point."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import CredentialProvider, Credentials

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def published_token(region: str = "us-east-1", session: str | None = None) -> str:
    """By AWS's own signer for Python."""
    credentials = Credentials(KEY_ID, SECRET, session)

    class Fixed(CredentialProvider):
        def load(self) -> Credentials:
            return credentials

    signed, _ = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(region, Fixed())
    return str(signed)


def signed_url(
    *,
    region: str = "us-east-1",
    host_region: str | None = None,
    service: str = "kafka-cluster",
    expires: float = 900,
    action: str = "kafka-cluster:Connect",
    secret: str = SECRET,
    key_id: str = KEY_ID,
    more: dict[str, str] | None = None,
) -> str:
    """A correctly signed URL with one thing that a signer would not write."""
    request = AWSRequest(
        method="GET",
        url=f"https://kafka.{host_region or region}.amazonaws.com/",
        params={"Action": action, **(more or {})},
    )
    # botocore's stubs know no fractions; it writes what it is given.
    lifetime: Any = expires
    SigV4QueryAuth(Credentials(key_id, secret), service, region, expires=lifetime).add_auth(request)
    return str(request.url)


def encode(url: str) -> str:
    return base64.urlsafe_b64encode(url.encode()).rstrip(b"=").decode()


def decode(token: str) -> str:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()


def query(token: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(decode(token)).query))


def signed_at(token: str) -> int:
    """Epoch seconds of the signature."""
    return epoch(query(token)["X-Amz-Date"])


def epoch(timestamp: str) -> int:
    """Epoch seconds of a time as SigV4 writes it."""
    return int(datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())


def signed_payload(
    *,
    host: str = "localhost",
    region: str = "us-east-1",
    service: str = "kafka-cluster",
    expires: int = 900,
    action: str = "kafka-cluster:Connect",
    key_id: str = KEY_ID,
    secret: str = SECRET,
    session: str | None = None,
) -> dict[str, str]:
    """What a client of AWS_MSK_IAM sends, signed by botocore."""
    request = AWSRequest(method="GET", url=f"https://{host}/", params={"Action": action})
    SigV4QueryAuth(Credentials(key_id, secret, session), service, region, expires=expires).add_auth(request)
    fields = dict(parse_qsl(urlsplit(str(request.url)).query))
    return {
        "version": "2020_10_22",
        "host": host,
        "user-agent": "test",
        **{name.lower(): value for name, value in fields.items()},
    }
