"""Carries changes of grants, groups and linked identities into the policies that Kafka goes by.

Whatever changes who holds what notes the grantee in the same transaction (`Refreshes.begun`); whoever then
comes by writes the policies of everybody whom it concerns anew. A note is ended only by somebody who read the
rights after it was written, so none is lost when two changes meet.

Somebody in a big group must not keep others waiting, so what was noted of a person by name goes before what
follows from a group or a namespace for each of its many; the latter go on all the while, a few at a time.

Rows of the registry: ``PENDING#access`` / ``user#<uuid>``, ``group#<uuid>``, ``namespace#<name>``, or
``member#<uuid>`` for each of those whom one of the latter two concerns (`octopus.registry.pending`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from octopus.access.models import Grantee, GranteeKind, grantee_of, user
from octopus.access.store import GrantStore
from octopus.registry.pending import Pending
from octopus.registry.transactions import CUT_SHORT, write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

DUE_S = 2.0
"""After which the background takes over from a request that noted a change and did not see to it."""
_MOST_ITEMS = 100
"""Of one transaction."""
_NAMESPACE, _MEMBER = "namespace#", "member#"

POLICIES_S = 5.0
"""After which whoever waits for policies asks again (`Refreshes.waiting_on`)."""
TURN_AGAIN_S = 1.0
"""After which a principal's policies that somebody else was writing are tried again."""
WORKERS = 3
"""Subjects whose policies are written at once.

AWS states no rate for IAM and throttles beyond some tens of calls a second in an account. A call takes about
a tenth of a second, so that these make up to 30 a second: at eight for each subject, the policies of four.
"""
_AT_ONCE, _MEMBERS_AT_ONCE = 30, 6
"""Notes that are seen to before it is asked which are due: all together, and of those of members."""
_ROUNDS_S = 20.0
"""Within the life of the lease of the job, so that only one replica is at it (`octopus.web.background`)."""

_log = structlog.get_logger(__name__)


class Refreshes:
    """Policies that are to be written anew.

    Args:
        refresh: writes one subject's policies as its rights are now (`Accounts.refresh`); nothing to do for
            somebody without an account.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        refresh: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._store = GrantStore(client, table)
        self._pending = Pending(client, table, "access", turn_again_s=TURN_AGAIN_S, clock=clock)
        self._refresh = refresh

    def begun(self, grantee: Grantee, *, due_in_s: float = DUE_S) -> TransactWriteItemTypeDef:
        """Item of the transaction that changes what a user or a group holds, or who is in it.

        Args:
            due_in_s: seconds until the background sees to it; 0 when nobody else will (`now`).
        """
        return self._pending.begun(str(grantee), due_in_s=due_in_s)

    def begun_behind(self, identity: str) -> TransactWriteItemTypeDef:
        """As `begun`, for one of many whom one change concerns: after what concerns people by name."""
        return self._pending.begun(f"{_MEMBER}{identity}", due_in_s=0)

    def begun_on(self, namespace: str) -> TransactWriteItemTypeDef:
        """Item of a transaction that changes what everybody holds who has a grant on a namespace."""
        return self._pending.begun(f"{_NAMESPACE}{namespace}", due_in_s=0)

    def waiting_on(self, namespace: str, *others: Grantee) -> bool:
        """Whether policies are still to be written of somebody who has a grant on a namespace.

        Args:
            others: who count as if they had one.
        """
        grantees = {*others, *(grant.grantee for grant in self._store.on(namespace))}
        if not grantees:
            return False
        # In the order in which one note leads to the next, or one could be missed on its way.
        if self._pending.any_of([f"{_NAMESPACE}{namespace}", *map(str, grantees)]):
            return True
        people = {grantee.id for grantee in grantees if grantee.kind is GranteeKind.USER}
        for grantee in grantees:
            if grantee.kind is GranteeKind.GROUP:
                people.update(self._store.members(grantee.id))
        return self._pending.any_of(f"{_MEMBER}{identity}" for identity in sorted(people))

    def now(self, *grantees: Grantee) -> None:
        """See at once to what was noted; what cannot be done just now is left to the background.

        A group's members are noted one by one, and left to it too.
        """
        for grantee in grantees:
            try:
                self._go_on(str(grantee))
            except CUT_SHORT as error:
                _log.info("access.postponed", grantee=str(grantee), reason=str(error)[:200])

    def due(self) -> bool:
        """Whether there is anything to see to."""
        return bool(self._pending.due())

    def work_off(self) -> None:
        """See to everything that is due, or to what 20 s allow; what is left is next."""
        ends = time.monotonic() + _ROUNDS_S
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="refresh") as workers:
            while (names := self._next()) and time.monotonic() < ends:
                for _ in workers.map(self._attempt, names):
                    pass

    def _next(self) -> list[str]:
        due = self._pending.due()
        behind = [name for name in due if name.startswith(_MEMBER)][:_MEMBERS_AT_ONCE]
        first = [name for name in due if not name.startswith(_MEMBER)]
        return [*first[: _AT_ONCE - len(behind)], *behind]

    def _attempt(self, name: str) -> None:
        self._pending.attempt(name, self._go_on)

    def _go_on(self, name: str) -> None:
        token = self._pending.token(name)
        if token is None:
            return
        if name.startswith(_NAMESPACE):
            grants = self._store.on(name.removeprefix(_NAMESPACE))
            self._note({grant.grantee for grant in grants})
        elif name.startswith(_MEMBER):
            self._see_to(user(name.removeprefix(_MEMBER)))
        else:
            self._see_to(grantee_of(name))
        self._pending.end(name, token)

    def _see_to(self, grantee: Grantee) -> None:
        if grantee.kind is GranteeKind.GROUP:
            self._note(user(member) for member in self._store.members(grantee.id))
            return
        failed: list[Exception] = []
        for subject in (grantee.id, *self._store.linked_to(grantee.id)):
            try:
                self._refresh(subject)
            except CUT_SHORT as error:
                # One whose policies cannot be written must not keep the others from theirs.
                failed.append(error)
        if failed:
            raise failed[0]

    def _note(self, grantees: Iterable[Grantee]) -> None:
        items = [
            self.begun_behind(grantee.id)
            if grantee.kind is GranteeKind.USER
            else self.begun(grantee, due_in_s=0)
            for grantee in sorted(set(grantees))
        ]
        for start in range(0, len(items), _MOST_ITEMS):
            write_together(self._client, items[start : start + _MOST_ITEMS])
