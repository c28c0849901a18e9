"""The parts of the stand-in, put together once for its routes."""

from __future__ import annotations

from octopus.globus.clients import Clients
from octopus.globus.grants import Grants
from octopus.globus.groups import Groups
from octopus.globus.registrations import Registrations
from octopus.globus.scopes import Scopes
from octopus.globus.signing import Signer
from octopus.globus.store import IdentityStore


class Authority:
    """Identities, groups, clients, registrations, scopes, grants and the signing key of one stand-in.

    Args:
        identities: who can log in; closed with the authority.
        issuer: its own address, without a slash at the end.
        service_client_id: of the web service: audience of its tokens, and base of their scope.
        service_client_secret: of that client.
        token_life: of an access token, in seconds.
    """

    def __init__(
        self,
        identities: IdentityStore,
        *,
        issuer: str,
        service_client_id: str,
        service_client_secret: str,
        token_life: int,
    ) -> None:
        self.issuer = issuer
        self.identities = identities
        self.registrations = Registrations(self.identities.database)
        self.clients = Clients(
            service_client_id=service_client_id,
            service_client_secret=service_client_secret,
            identities=self.identities,
            registrations=self.registrations,
        )
        self.scopes = Scopes(service_client_id=service_client_id, registered=self.registrations.scopes)
        self.grants = Grants(self.identities.database, token_life=token_life)
        self.groups = Groups(self.identities.database)
        self.signer = Signer(self.identities.database, issuer=self.issuer)
        self.form_key = self.identities.database.key("login-form")
        """Signs the login page's form; kept, so that a page opened before a restart still works."""
        self._token_life = token_life

    def id_token(self, subject_id: str, *, client_id: str, access_token: str, nonce: str | None) -> str:
        """A signed statement of who the subject is.

        Raises:
            LookupError: there is no such subject.
        """
        subject = self.clients.subject(subject_id)
        if subject is None:
            raise LookupError(f"no subject {subject_id}")
        return self.signer.id_token(
            subject=subject,
            client_id=client_id,
            access_token=access_token,
            nonce=nonce,
            life=self._token_life,
        )

    def close(self) -> None:
        """Close the store."""
        self.identities.close()
