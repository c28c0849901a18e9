"""Sessions of account holders: keys for an hour at most, limited to some topics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from octopus import aws
from octopus.access.service import Access
from octopus.accounts.models import State
from octopus.accounts.service import Accounts
from octopus.audit.trail import Trail, open_trail
from octopus.credentials.events import issued
from octopus.credentials.keys import ready
from octopus.credentials.models import Kind, StoredKey
from octopus.credentials.scope import Scope, require_held
from octopus.credentials.secrets import encrypt
from octopus.credentials.store import CredentialStore
from octopus.credentials.sts import IssuedSession, SessionIssuer
from octopus.errors import Failure, InvalidError, UnavailableError
from octopus.iam.generate import session_policy
from octopus.metrics.instruments import Instruments
from octopus.quotas.service import Quotas
from octopus.registry.transactions import ConditionFailedError
from octopus.settings import DeployedSettings
from octopus.topics.names import namespace_of

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

MOST_SESSIONS = 2000
"""Of one account at once, so that listing and ending them all stays possible."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    """A session in the hands of its owner."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires: str
    """ISO-8601, UTC."""


class Sessions:
    """Opens sessions. They are listed, labelled and ended like keys (`octopus.credentials.keys`).

    What is kept of one, encrypted, is what the judge needs: its secret key, its policy (no AWS call gives
    that back) and the SHA-256 of its token, which a client shows in full. The token itself is not
    kept: nobody has to give it back, and with the secret key it would open AWS to whoever reads it here.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        access: Access,
        store: CredentialStore,
        issuer: SessionIssuer,
        trail: Trail,
        quotas: Quotas,
        instruments: Instruments,
        kms: KMSClient,
        kms_key_arn: str,
        cluster_arn: str,
        longest_s: int,
    ) -> None:
        self._accounts = accounts
        self._access = access
        self._store = store
        self._issuer = issuer
        self._trail = trail
        self._quotas = quotas
        self._instruments = instruments
        self._kms = kms
        self._kms_key_arn = kms_key_arn
        self._cluster_arn = cluster_arn
        self._longest_s = longest_s

    def open(
        self,
        subject: str,
        *,
        topics: Sequence[str],
        actions: Sequence[str],
        duration_s: int | None = None,
        label: str | None = None,
    ) -> OpenSession:
        """A session with its own policy, which counts within what its owner may do at any moment.

        Args:
            topics: full names, or ``<namespace>.*`` for all of a namespace.
            actions: ``read``, ``write`` or both.
            duration_s: seconds until it ends, from 900 on; None for as long as may be.

        Raises:
            InvalidError: sessions of this deployment do not live so long.
            ForbiddenError: the subject may not read, or write, a topic, or its account is suspended.
            PolicyTooLargeError: too many topics for one policy.
            Failure: as many sessions are open as may be, or the account cannot be made.
            OverLimitError: the subject, or a project whose groups it uses, has more at Kafka than allowed.
            UnavailableError: the account changed meanwhile; no session was opened.
        """
        if duration_s is not None and duration_s > self._longest_s:
            raise InvalidError(
                f"duration_seconds: 900 to {self._longest_s} in this deployment, received {duration_s}"
            )
        scope = self._require_held(subject, topics, actions)
        policy = session_policy(
            cluster_arn=self._cluster_arn, rights=scope.rights, namespaces=scope.namespaces
        )
        self._quotas.require_within(subject, *scope.namespaces)
        if self._store.live_sessions(subject) >= MOST_SESSIONS:
            raise Failure(f"{MOST_SESSIONS} sessions of {subject} are open: end some, or wait until some end")
        session = self._issuer.issue(name=subject, policy=policy, duration_s=duration_s or self._longest_s)
        expires = session.expires.isoformat(timespec="seconds")
        stored = StoredKey(
            access_key_id=session.access_key_id,
            subject=subject,
            user_name=subject,
            kind=Kind.SESSION,
            secret=self._sealed(subject, session, policy),
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            label=label,
            expires=expires,
            topics=tuple(sorted(set(topics))),
            actions=tuple(sorted(set(actions))),
        )
        try:
            told = self._trail.items(issued(stored))
            self._store.add(stored, self._accounts.while_active(subject), *told)
        except ConditionFailedError:
            # Without a record no judge takes it, and nobody has seen its secrets.
            raise UnavailableError(
                f"User {subject} is being changed: no session was opened, try again"
            ) from None
        self._instruments.count("SessionsIssued")
        _log.info(
            "session.opened",
            subject=subject,
            access_key_id=session.access_key_id,
            expires=expires,
            topics=stored.topics,
            actions=stored.actions,
        )
        return OpenSession(
            access_key_id=session.access_key_id, secret=session.secret, token=session.token, expires=expires
        )

    def _require_held(self, subject: str, topics: Sequence[str], actions: Sequence[str]) -> Scope:
        """The account is active and holds the topics; what the session may do."""
        account = self._accounts.find(subject)
        own = account.namespaces if account else {namespace_of(subject)}
        held = self._access.holdings(subject, own)
        scope = require_held(subject, own=own, held=held, topics=topics, actions=actions)
        if account is None or account.state is not State.ACTIVE:
            with ready(self._accounts, subject):
                pass
        return scope

    def _sealed(self, subject: str, session: IssuedSession, policy: dict[str, Any]) -> bytes:
        kept = {
            "secret_access_key": session.secret,
            "session_token_sha256": hashlib.sha256(session.token.encode()).hexdigest(),
            "policy": policy,
        }
        return encrypt(
            self._kms,
            self._kms_key_arn,
            subject=subject,
            access_key_id=session.access_key_id,
            secret=json.dumps(kept, separators=(",", ":")),
        )


def open_sessions(
    settings: DeployedSettings,
    *,
    accounts: Accounts,
    access: Access,
    quotas: Quotas,
    instruments: Instruments,
) -> Sessions:
    """The sessions of one deployment."""
    return Sessions(
        accounts=accounts,
        access=access,
        quotas=quotas,
        instruments=instruments,
        store=CredentialStore(aws.dynamodb(), settings.credentials_table),
        issuer=SessionIssuer(aws.sts(), role_arn=settings.client_role_arn),
        trail=open_trail(settings),
        kms=aws.kms(),
        kms_key_arn=settings.credentials_key_arn,
        cluster_arn=settings.cluster_arn,
        longest_s=settings.session_minutes_most * 60,
    )
