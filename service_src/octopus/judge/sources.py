"""What the judge knows and from where: keys, their signing keys, and principals' rights."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from cachetools import LRUCache

from octopus.iam.models import Document, Layers, Principal
from octopus.iam.normalise import normalise
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.principals import EffectivePolicies, PolicyReader
from octopus.judge.readings import MOST_HELD, Lifetime, Readings
from octopus.judge.secrets import DerivedKey, DerivedKeyId, StoredSecrets
from octopus.judge.store import ChangeLog, CredentialsTable, KeyRecord

_IN_USE = Lifetime(fresh=20, renew=14, idle=90)
_UNSETTLED = Lifetime(fresh=20, renew=0.5, idle=90)
_UNKNOWN_KEY = Lifetime(fresh=1, renew=float("inf"), idle=1)
_DERIVED = Lifetime(fresh=86_400, renew=float("inf"), idle=3_600)

_NOBODY = EffectivePolicies(principal=None, layers=((),), inline_sha256="")
"""A user that IAM has not: one layer that allows nothing, for none at all could be read as no limit."""

SETTLING = timedelta(minutes=2)
"""IAM shows a change everywhere within seconds. After this long a policy that differs from the one the fabric
wrote was written by somebody else, and IAM's word counts."""


@dataclass(frozen=True)
class PrincipalId:
    """A subject and the IAM user that holds its policies."""

    subject: str
    user_name: str


@dataclass(frozen=True)
class Limits:
    """Layers of rules, and a name that is equal for equal ones."""

    layers: Layers
    version: str

    @classmethod
    def of(cls, layers: Layers) -> Limits:
        """These layers under their name."""
        return cls(layers, hashlib.sha256(msgspec.json.encode(layers)).hexdigest()[:32])


@dataclass(frozen=True)
class Rights:
    """What a principal may do, as far as it is certain."""

    limits: Limits
    settled: Layers | None
    """The layers last seen to be those the fabric wrote; None while IAM still shows something else."""
    certain: bool
    principal: Principal | None
    """Whose variables a session's policy speaks of; None when IAM has no such user."""


class Sources:
    """The judge's four sources behind one set of ages."""

    def __init__(
        self,
        *,
        table: CredentialsTable,
        policies: PolicyReader,
        secrets: StoredSecrets,
        executor: Executor,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._policies = policies
        self._clock = clock
        self._session_limits: LRUCache[str, tuple[Rights, Document | None, Limits]] = LRUCache(MOST_HELD)
        self.change_log = ChangeLog(table, clock)
        self.keys: Readings[str, KeyRecord | None] = Readings(
            "access keys",
            lambda access_key_id, _: table.key(access_key_id),
            lifetime=lambda record: _IN_USE if record is not None else _UNKNOWN_KEY,
            executor=executor,
            clock=monotonic,
        )
        self.signing_keys: Readings[DerivedKeyId, DerivedKey | None] = Readings(
            "signing keys",
            lambda key, _: secrets.derive(key),
            lifetime=lambda key: _DERIVED if key is not None else _UNKNOWN_KEY,
            executor=executor,
            clock=monotonic,
        )
        self.session_policies: Readings[KeyRecord, Document | None] = Readings(
            "session policies",
            lambda record, _: secrets.session_policy(record),
            lifetime=lambda document: _DERIVED if document is not None else _UNKNOWN_KEY,
            executor=executor,
            clock=monotonic,
        )
        self.rights: Readings[PrincipalId, Rights] = Readings(
            "policies",
            self._rights,
            lifetime=lambda rights: _IN_USE if rights.certain else _UNSETTLED,
            executor=executor,
            clock=monotonic,
        )

    def expire(self, subjects: frozenset[str]) -> None:
        """Read again everything that concerns these subjects."""
        if subjects:
            self.keys.expire(lambda _, record: record is None or record.subject in subjects)
            self.rights.expire(lambda principal, _: principal.subject in subjects)

    def renew(self) -> None:
        """Read ahead, and forget what is not in use."""
        for readings in (self.keys, self.signing_keys, self.session_policies, self.rights):
            readings.renew()

    def session_limits(self, record: KeyRecord, owner: Rights, own: Document | None) -> Limits:
        """What a session may do: what its owner may now and its own policy allows."""
        held = self._session_limits.get(record.access_key_id)
        if held is None or held[0] is not owner or held[1] is not own:
            layer = (
                normalise([own], owner.principal) if own is not None and owner.principal is not None else ()
            )
            held = owner, own, Limits.of((*owner.limits.layers, layer))
            self._session_limits[record.access_key_id] = held
        return held[2]

    def _rights(self, principal: PrincipalId, previous: Rights | None) -> Rights:
        """What IAM says, or, while it may still show what was before a change, what both sides allow."""
        written = self._table.version(principal.subject)
        found = self._policies.read(principal.user_name) or _NOBODY
        now = datetime.fromtimestamp(self._clock(), UTC)
        if (
            written is None
            or written.policy_sha256 == found.inline_sha256
            or now > written.changed + SETTLING
        ):
            return Rights(
                Limits.of(found.layers), settled=found.layers, certain=True, principal=found.principal
            )
        if previous is None or previous.settled is None:
            raise SourceUnavailableError("IAM does not show the policy yet that was last written")
        both = tuple(dict.fromkeys(previous.settled + found.layers))
        return Rights(Limits.of(both), settled=previous.settled, certain=False, principal=found.principal)
