"""Whether Globus Auth knows the fabric's client by the secret that is kept for it."""

from __future__ import annotations

from collections.abc import Iterator

from globus_sdk import AuthAPIError, ConfidentialAppAuthClient, GlobusError
from globus_sdk.transport import RetryConfig

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, cannot_tell, fails, ok

_REFUSED = (400, 401, 403)


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield how client and secret stand; the secret is tried by a login of the client and never shown."""
    settings = account.settings
    setup = f"octopus globus setup --institution {settings.institution}"
    if not settings.globus_client_id:
        yield fails(
            "Globus client",
            "globus_client_id is empty, and nobody is let in",
            f"register one, and put its id into the settings: {setup}",
        )
        return
    secrets = account.client("secretsmanager")
    setup += f" --client {settings.globus_client_id} --secret-name {settings.globus_secret_name}"
    try:
        secret = (
            secrets.get_secret_value(SecretId=settings.globus_secret_name).get("SecretString", "").strip()
        )
    except (secrets.exceptions.ResourceNotFoundException, secrets.exceptions.InvalidRequestException):
        secret = ""
    if not secret:
        yield fails(
            "Globus secret",
            f"Secrets Manager holds none as {settings.globus_secret_name}",
            f"make it: {setup}",
        )
        return
    client = ConfidentialAppAuthClient(
        settings.globus_client_id,
        secret,
        base_url=f"{settings.globus_auth_url}/",
        retry_config=RetryConfig(max_retries=1),
    )
    with client:
        try:
            client.oauth2_client_credentials_tokens("openid")
        except AuthAPIError as error:
            if error.http_status in _REFUSED:
                yield fails(
                    "Globus secret",
                    f"{settings.globus_auth_url} does not take it of {settings.globus_client_id}",
                    f"make another: {setup} --fix",
                )
            else:
                yield cannot_tell("Globus secret", f"Globus Auth answered {error.http_status}")
        except GlobusError as error:
            yield cannot_tell("Globus secret", f"Globus Auth cannot be asked: {type(error).__name__}")
        else:
            yield ok("Globus client and secret", f"{settings.globus_client_id} is let in")
