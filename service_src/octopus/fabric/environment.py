"""What a shell needs so that the published SDK, unmodified, uses this machine's fabric."""

from __future__ import annotations

from octopus.fabric.errors import FabricError
from octopus.fabric.settings import FabricSettings
from octopus.globus.store import Identity, IdentityStore


def open_identities(settings: FabricSettings) -> IdentityStore:
    """The stand-in's identities, beside the running stand-in; the caller closes it.

    Raises:
        FabricError: this fabric uses the real Globus Auth, or was never up.
    """
    if not settings.stand_in:
        raise FabricError(
            f"This fabric uses Globus Auth at {settings.auth_url}: identities and groups are made there, and "
            "`octopus login` logs you in."
        )
    if not settings.identity_store.is_file():
        raise FabricError("This fabric has no identities yet: run `octopus up` first.")
    return IdentityStore(settings.identity_store)


def identity(settings: FabricSettings, name: str) -> Identity:
    """An identity of the stand-in, made on first use.

    Raises:
        FabricError: this fabric uses the real Globus Auth, or was never up.
        InvalidError: the name is not one that the stand-in takes.
    """
    with open_identities(settings) as store:
        return store.ensure_identity(name)


def sdk_environment(settings: FabricSettings, name: str) -> dict[str, str]:
    """Environment variables, all of them documented by the SDK, by globus-sdk or by OpenSSL.

    Raises:
        FabricError: as ``identity``.
    """
    who = identity(settings, name)
    return {
        "DIASPORA_SDK_ENVIRONMENT": "local",
        "DIASPORA_SDK_CLIENT_ID": who.id,
        "DIASPORA_SDK_CLIENT_SECRET": who.secret,
        "DIASPORA_USER_DIR": str(settings.home / "sdk" / who.name),
        "GLOBUS_SDK_SERVICE_URL_AUTH": settings.auth_url,
        "GLOBUS_SDK_SERVICE_URL_GROUPS": settings.groups_url,
        "SSL_CERT_FILE": str(settings.ca_bundle),
    }
