"""The judge's answers: who signed a token, and by which rules its principal is to be decided."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from octopus.iam.evaluate import decide
from octopus.judge import payload, signature, token
from octopus.judge.errors import RefusedError, SourceUnavailableError
from octopus.judge.last_use import LastUse
from octopus.judge.models import (
    Allow,
    HeldPolicy,
    NoAllow,
    NoPolicy,
    PoliciesReply,
    PoliciesRequest,
    Policy,
    Unchanged,
    VerifyRequest,
)
from octopus.judge.readings import Reading
from octopus.judge.repeating import repeat
from octopus.judge.rights import PrincipalId
from octopus.judge.secrets import SESSION, DerivedKey, DerivedKeyId
from octopus.judge.signature import Presented
from octopus.judge.sources import Sources
from octopus.judge.store import ChangeLog, KeyRecord
from octopus.metrics.instruments import Instruments

PUBLISHED_REGION = "us-east-1"
"""The region that published clients sign for, wherever the fabric is."""
CHANGES_EVERY = 0.5
"""Seconds between looks at the change log, so that a change is known within one."""
RENEWED_EVERY = 0.5
"""Seconds between looks for what is soon too old, or not asked for any more."""
LISTED_EVERY = 20.0
"""Seconds between the starts of two listings of IAM, so that an edit by hand is known within about 25."""
ROWS_READ_EVERY = 60.0
"""Seconds between two readings of the fabric's own rows, for what no change log tells."""
USES_WRITTEN_EVERY = 10.0
"""Seconds between two batches of last uses."""
VERIFY_PATIENCE = 2.0
"""Seconds that a connection waits for sources that are being read."""
POLICIES_PATIENCE = 0.25
"""The same for the plugin's refresh, which comes again in a second and holds up every other principal's."""

_log = structlog.get_logger(__name__)


def judged_region(cluster_arn: str) -> str:
    """The region of the deployment.

    Raises:
        ValueError: this is not the ARN of a Kafka cluster.
    """
    parts = cluster_arn.split(":")
    if len(parts) != 6 or parts[2] != "kafka" or not parts[3] or not parts[5].startswith("cluster/"):
        raise ValueError(f"cluster_arn is {cluster_arn!r}, which is not the ARN of a Kafka cluster")
    return parts[3]


class Judge:
    """Answers from readings of the sources that are never older than 45 s."""

    def __init__(
        self,
        sources: Sources,
        *,
        change_log: ChangeLog,
        last_use: LastUse,
        cluster_arn: str,
        instruments: Instruments,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._change_log = change_log
        self._last_use = last_use
        self._cluster_arn = cluster_arn
        self._regions = frozenset({PUBLISHED_REGION, judged_region(cluster_arn)})
        self._clock = clock
        self._monotonic = monotonic
        self._instruments = instruments
        instruments.follow("PrincipalsHeld", lambda: sources.principals_held)

    async def verify(self, request: VerifyRequest) -> Allow | NoAllow:
        """Who presents this token, if it is good and its principal may connect."""
        began = time.perf_counter()
        presented: Presented | None = None
        answer: Allow | NoAllow
        try:
            presented = self._parse(request)
            async with asyncio.timeout(VERIFY_PATIENCE):
                answer = await self._verify(presented)
        except RefusedError as refusal:
            answer = NoAllow("deny", str(refusal))
        except SourceUnavailableError as unavailable:
            answer = NoAllow("unknown", str(unavailable))
        except TimeoutError:
            answer = NoAllow("unknown", "the sources take too long to read")
        self._instruments.count("Verifications")
        if answer.outcome == "deny":
            self._instruments.count("VerificationsRefused")
        self._instruments.time("VerificationSeconds", time.perf_counter() - began)
        _log.info(
            "token.verified",
            outcome=answer.outcome,
            principal=answer.principal if isinstance(answer, Allow) else None,
            access_key_id=presented.access_key_id if presented is not None else None,
            reason=answer.reason if isinstance(answer, NoAllow) else None,
        )
        return answer

    async def policies(self, request: PoliciesRequest) -> PoliciesReply:
        """The rules of each principal, or that they have not changed; in the order of the request."""
        waiting: dict[int, asyncio.Task[Policy | Unchanged | NoPolicy]] = {}
        answers: list[Policy | Unchanged | NoPolicy | None] = []
        for number, held in enumerate(request.principals):
            answer = self._held_policy(held)
            if answer is None:
                waiting[number] = asyncio.create_task(self._read_policy(held))
            answers.append(answer)
        if waiting:
            _, late = await asyncio.wait(waiting.values(), timeout=POLICIES_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for number, task in waiting.items():
            held = request.principals[number]
            late_answer = NoPolicy(held.principal, held.access_key_id, "unknown", "being read")
            answers[number] = late_answer if task.cancelled() else task.result()
        return PoliciesReply([answer for answer in answers if answer is not None])

    async def watch(self) -> None:
        """Keep the readings young, for ever."""
        loop = asyncio.get_running_loop()

        async def follow() -> None:
            look = await loop.run_in_executor(None, self._change_log.look)
            self._sources.follow(look)
            if look.changed:
                self._sources.renew()

        def away() -> None:
            self._instruments.count("SourcesAway")

        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew())
            for name, read, every in (
                ("change log", follow, CHANGES_EVERY),
                ("listing of IAM", self._sources.list_users, LISTED_EVERY),
                ("rows in use", self._sources.read_rows, ROWS_READ_EVERY),
                ("last uses", self._last_use.write, USES_WRITTEN_EVERY),
            ):
                group.create_task(repeat(name, read, every=every, failed=away))

    def _parse(self, request: VerifyRequest) -> Presented:
        regions, now = self._regions, self._clock()
        if request.mechanism == "OAUTHBEARER":
            return token.parse(request.token, regions=regions, now=now)
        if request.mechanism == "AWS_MSK_IAM":
            return payload.parse(request.token, hosts=request.hosts, regions=regions, now=now)
        raise RefusedError("the mechanism is neither OAUTHBEARER nor AWS_MSK_IAM")

    async def _verify(self, presented: Presented) -> Allow:
        key = await self._sources.keys.get(presented.access_key_id)
        record = self._usable(key.value)
        derived = await self._sources.signing_keys.get(DerivedKeyId(record, presented.date, presented.region))
        if derived.value is None:
            raise RefusedError("the stored secret does not belong to this access key")
        signature.require_signature(presented, derived.value.signing_key)
        _require_session_token(presented, derived.value)
        while (policy := self._policy(record, key)) is None:
            await self._read_rights(record)
        now_ms = int(self._clock() * 1000)
        decision = decide(
            policy.layers,
            action="kafka-cluster:Connect",
            resource=self._cluster_arn,
            at_ms=now_ms,
        )
        if not decision.allowed:
            raise RefusedError("the principal's policies do not allow kafka-cluster:Connect")
        expires_ms = int(record.expires.timestamp() * 1000) if record.expires is not None else None
        ends = [presented.expires * 1000, now_ms + signature.LONGEST_LIFE * 1000]
        if expires_ms is not None:
            ends.append(expires_ms)
        self._last_use.note(record)
        return Allow(
            principal=record.subject,
            access_key_id=record.access_key_id,
            kind=record.kind,
            lifetime_ms=min(ends),
            session_expires_ms=expires_ms,
            policy=policy,
        )

    def _held_policy(self, held: HeldPolicy) -> Policy | Unchanged | NoPolicy | None:
        """The answer without waiting; None when something has to be read first."""
        try:
            key = self._sources.keys.held(held.access_key_id)
            if key is None:
                return None
            record = self._usable(key.value)
            if record.subject != held.principal:
                raise RefusedError("the access key belongs to another principal")
            policy = self._policy(record, key)
        except RefusedError as refusal:
            return NoPolicy(held.principal, held.access_key_id, "deny", str(refusal))
        except SourceUnavailableError as unavailable:
            return NoPolicy(held.principal, held.access_key_id, "unknown", str(unavailable))
        except Exception:  # noqa: BLE001 - one principal's surprise is nobody else's
            return _surprised(held)
        if policy is None or policy.version != held.version:
            return policy
        return Unchanged(policy.principal, policy.access_key_id, policy.version, policy.age_ms)

    async def _read_policy(self, held: HeldPolicy) -> Policy | Unchanged | NoPolicy:
        while (answer := self._held_policy(held)) is None:
            try:
                key = await self._sources.keys.get(held.access_key_id)
                if key.value is not None:
                    await self._read_rights(key.value)
            except SourceUnavailableError as unavailable:
                return NoPolicy(held.principal, held.access_key_id, "unknown", str(unavailable))
            except Exception:  # noqa: BLE001 - as above
                return _surprised(held)
        return answer

    async def _read_rights(self, record: KeyRecord) -> None:
        if record.kind == SESSION:
            await self._sources.session_policies.get(record)
        await self._sources.read_rights(PrincipalId(record.subject, record.user_name))

    def _policy(self, record: KeyRecord, key: Reading[KeyRecord | None]) -> Policy | None:
        """The rules of one key, from what is held; None when something has to be read first."""
        rights = self._sources.rights(PrincipalId(record.subject, record.user_name))
        if rights is None:
            return None
        limits = rights.value.limits
        if record.kind == SESSION:
            own = self._sources.session_policies.held(record)
            if own is None:
                return None
            limits = self._sources.session_limits(record, rights.value, own.value)
        return Policy(
            principal=record.subject,
            access_key_id=record.access_key_id,
            version=limits.version,
            age_ms=int((self._monotonic() - min(key.began, rights.began)) * 1000),
            layers=limits.layers,
        )

    def _usable(self, record: KeyRecord | None) -> KeyRecord:
        if record is None:
            raise RefusedError("the fabric has not issued this access key")
        refusal = record.refusal(datetime.fromtimestamp(self._clock(), UTC))
        if refusal is not None:
            raise RefusedError(refusal)
        return record

    async def _renew(self) -> None:
        while True:
            self._sources.renew()
            await asyncio.sleep(RENEWED_EVERY)


def _surprised(held: HeldPolicy) -> NoPolicy:
    """The answer for a principal whose rules cannot be made, for a reason that nobody foresaw."""
    _log.exception("policy.not_made", principal=held.principal, access_key_id=held.access_key_id)
    return NoPolicy(held.principal, held.access_key_id, "unknown", "not understood")


def _require_session_token(presented: Presented, derived: DerivedKey) -> None:
    given, issued = presented.security_token_sha256, derived.session_token_sha256
    if issued is None and given is not None:
        raise RefusedError("X-Amz-Security-Token came with an access key that has none")
    if issued is not None and given is None:
        raise RefusedError("X-Amz-Security-Token is missing: the access key is a session's")
    if issued is not None and given is not None and not hmac.compare_digest(issued, given):
        raise RefusedError("X-Amz-Security-Token is not the session's")
