"""When keys were last used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from octopus.credentials.issuer import CredentialIssuer, UseUnknownError
from octopus.credentials.models import Kind, StoredKey
from octopus.credentials.store import CredentialStore

WATCHED_LATELY = timedelta(hours=1)
"""Age from which the judges' last note of their noting says nothing about now."""


class Usage:
    """The judge's word, or IAM's where that is newer: AWS knows of what its own services saw."""

    def __init__(self, *, store: CredentialStore, issuer: CredentialIssuer) -> None:
        self._store = store
        self._issuer = issuer

    def last(self, keys: Sequence[StoredKey]) -> dict[str, str]:
        """When each was last used, by access key id (ISO-8601, UTC); those never used are left out."""
        seen = self._store.last_used([key.access_key_id for key in keys])
        for key in keys:
            try:
                by_iam = self._seen_by_iam(key)
            except UseUnknownError:
                by_iam = None
            known = [moment for moment in (seen.get(key.access_key_id), by_iam) if moment]
            if known:
                seen[key.access_key_id] = max(known, key=datetime.fromisoformat)
        return seen

    def unused_since(self, key: StoredKey, moment: datetime) -> bool:
        """Whether nobody used the key after ``moment``, for certain.

        That nothing was noted says so only where judges noted all uses from then until now: not while they
        cannot write, nor for the time before there were such notes.
        """
        watched = self._store.uses_watched()
        if watched is None or watched[0] > moment or watched[1] < datetime.now(UTC) - WATCHED_LATELY:
            return False
        try:
            by_iam = self._seen_by_iam(key)
        except UseUnknownError:
            return False
        by_judge = self._store.last_used([key.access_key_id]).get(key.access_key_id)
        return all(datetime.fromisoformat(used) <= moment for used in (by_judge, by_iam) if used)

    def _seen_by_iam(self, key: StoredKey) -> str | None:
        return None if key.kind is Kind.SESSION else self._issuer.last_used(key.access_key_id)
