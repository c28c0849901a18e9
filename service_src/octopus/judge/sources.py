"""What the judge knows and from where: keys, their signing keys, and principals' rights."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from octopus.iam.models import Layers
from octopus.judge.errors import SourceUnavailableError, error_code, source
from octopus.judge.principals import EffectivePolicies, PolicyReader
from octopus.judge.readings import Lifetime, Readings
from octopus.judge.store import ChangeLog, CredentialsTable, KeyRecord
from octopus.judge.token import signing_key

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_IN_USE = Lifetime(fresh=20, renew=14, idle=90)
_UNSETTLED = Lifetime(fresh=20, renew=0.5, idle=90)
_UNKNOWN_KEY = Lifetime(fresh=1, renew=float("inf"), idle=1)
_DERIVED = Lifetime(fresh=86_400, renew=float("inf"), idle=3_600)

SETTLING = timedelta(minutes=2)
"""IAM shows a change everywhere within seconds. After this long a policy that differs from the one the fabric
wrote was written by somebody else, and IAM's word counts."""


@dataclass(frozen=True)
class PrincipalId:
    """A subject and the IAM user that holds its policies."""

    subject: str
    user_name: str


@dataclass(frozen=True)
class DerivedKeyId:
    """A day's signing key of one access key in one region."""

    record: KeyRecord
    date: str
    region: str


@dataclass(frozen=True)
class Rights:
    """What a principal may do, as far as it is certain."""

    layers: Layers
    version: str
    """Equal for equal rules."""
    settled: Layers | None
    """The layers last seen to be those the fabric wrote; None while IAM still shows something else."""
    certain: bool


class Sources:
    """The judge's four sources behind one set of ages."""

    def __init__(
        self,
        *,
        table: CredentialsTable,
        policies: PolicyReader,
        kms: KMSClient,
        credentials_key_arn: str,
        executor: Executor,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._policies = policies
        self._kms = kms
        self._credentials_key_arn = credentials_key_arn
        self._clock = clock
        self.change_log = ChangeLog(table, clock)
        self.keys: Readings[str, KeyRecord | None] = Readings(
            "access keys",
            lambda access_key_id, _: table.key(access_key_id),
            lifetime=lambda record: _IN_USE if record is not None else _UNKNOWN_KEY,
            executor=executor,
            clock=monotonic,
        )
        self.signing_keys: Readings[DerivedKeyId, bytes | None] = Readings(
            "signing keys",
            lambda key, _: self._derive(key),
            lifetime=lambda key: _DERIVED if key is not None else _UNKNOWN_KEY,
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
        for readings in (self.keys, self.signing_keys, self.rights):
            readings.renew()

    def _derive(self, key: DerivedKeyId) -> bytes | None:
        """The signing key; None when the stored secret is not this key's. The secret itself is not kept."""
        record = key.record
        with source("KMS"):
            try:
                reply = self._kms.decrypt(
                    CiphertextBlob=record.secret,
                    KeyId=self._credentials_key_arn,
                    EncryptionContext={
                        "purpose": "octopus-credential",
                        "subject": record.subject,
                        "access_key_id": record.access_key_id,
                    },
                )
            except ClientError as error:
                if error_code(error) in ("InvalidCiphertextException", "IncorrectKeyException"):
                    return None
                raise
        return signing_key(secret_access_key=reply["Plaintext"].decode(), date=key.date, region=key.region)

    def _rights(self, principal: PrincipalId, previous: Rights | None) -> Rights:
        """What IAM says, or, while it may still show what was before a change, what both sides allow."""
        written = self._table.version(principal.subject)
        found = self._policies.read(principal.user_name) or EffectivePolicies(layers=((),), inline_sha256="")
        now = datetime.fromtimestamp(self._clock(), UTC)
        if (
            written is None
            or written.policy_sha256 == found.inline_sha256
            or now > written.changed + SETTLING
        ):
            return Rights(found.layers, _version(found.layers), settled=found.layers, certain=True)
        if previous is None or previous.settled is None:
            raise SourceUnavailableError("IAM does not show the policy yet that was last written")
        both = tuple(dict.fromkeys(previous.settled + found.layers))
        return Rights(both, _version(both), settled=previous.settled, certain=False)


def _version(layers: Layers) -> str:
    return hashlib.sha256(msgspec.json.encode(layers)).hexdigest()[:32]
