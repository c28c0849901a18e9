"""When keys were last used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from octopus.credentials.issuer import CredentialIssuer
from octopus.credentials.models import Kind, StoredKey
from octopus.credentials.store import CredentialStore


class Usage:
    """The judge's word, or IAM's where that is newer: AWS knows of what its own services saw."""

    def __init__(self, *, store: CredentialStore, issuer: CredentialIssuer) -> None:
        self._store = store
        self._issuer = issuer

    def last(self, keys: Sequence[StoredKey]) -> dict[str, str]:
        """When each was last used, by access key id (ISO-8601, UTC); those never used are left out."""
        seen = self._store.last_used([key.access_key_id for key in keys])
        for key in keys:
            by_iam = None if key.kind is Kind.SESSION else self._issuer.last_used(key.access_key_id)
            known = [moment for moment in (seen.get(key.access_key_id), by_iam) if moment]
            if known:
                seen[key.access_key_id] = max(known, key=datetime.fromisoformat)
        return seen

    def last_of(self, key: StoredKey) -> str | None:
        """When one key was last used; None for never."""
        return self.last([key]).get(key.access_key_id)
