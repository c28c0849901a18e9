"""Carries changes of grants, groups and linked identities into the policies that Kafka goes by.

Whatever changes who holds what notes the grantee in the same transaction (`Refreshes.begun`); whoever then
comes by writes the policies of everybody whom it concerns anew. A note is ended only by somebody who read the
rights after it was written, so none is lost when two changes meet.

Rows of the registry: ``PENDING#access`` / ``user#<uuid>``, ``group#<uuid>`` or ``namespace#<name>``
(`octopus.registry.pending`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
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
_NAMESPACE = "namespace#"

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
        self._pending = Pending(client, table, "access", clock=clock)
        self._refresh = refresh

    def begun(self, grantee: Grantee, *, due_in_s: float = DUE_S) -> TransactWriteItemTypeDef:
        """Item of the transaction that changes what a user or a group holds, or who is in it.

        Args:
            due_in_s: seconds until the background sees to it; 0 when nobody else will (`now`).
        """
        return self._pending.begun(str(grantee), due_in_s=due_in_s)

    def begun_on(self, namespace: str) -> TransactWriteItemTypeDef:
        """Item of a transaction that changes what everybody holds who has a grant on a namespace."""
        return self._pending.begun(f"{_NAMESPACE}{namespace}", due_in_s=0)

    def now(self, *grantees: Grantee) -> None:
        """See at once to what was noted; what cannot be done just now is left to the background.

        A group's members are noted one by one, and left to it too.
        """
        for grantee in grantees:
            try:
                self._go_on(str(grantee))
            except CUT_SHORT as error:
                _log.info("access.postponed", grantee=str(grantee), reason=str(error)[:200])

    def work_off(self) -> None:
        """See to everything that is due."""
        self._pending.work_off(self._go_on)

    def _go_on(self, name: str) -> None:
        token = self._pending.token(name)
        if token is None:
            return
        if name.startswith(_NAMESPACE):
            grants = self._store.on(name.removeprefix(_NAMESPACE))
            self._note({grant.grantee for grant in grants})
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
        items = [self.begun(grantee, due_in_s=0) for grantee in sorted(set(grantees))]
        for start in range(0, len(items), _MOST_ITEMS):
            write_together(self._client, items[start : start + _MOST_ITEMS])
