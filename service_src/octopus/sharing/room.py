"""Whether a person's policies have room for one more right: one that IAM does not take is none."""

from __future__ import annotations

from collections.abc import Callable

from octopus.access.models import EVERY_TOPIC, ROLES, Grant, GranteeKind, Right
from octopus.access.service import Access
from octopus.errors import OverLimitError
from octopus.iam.generate import PolicyTooLargeError
from octopus.iam.holdings import DataRight, Holdings, Level
from octopus.topics.names import full_name, namespace_of

_ASK_AGAIN_S = 3600
"""Somebody has to give something up first."""
_LEVELS = {Right.READ: Level.READ, Right.WRITE: Level.WRITE}


class Room:
    """Room in the policies of people.

    Args:
        access: what they hold.
        write: makes policies of rights, and raises `PolicyTooLargeError` when they do not fit.
    """

    def __init__(self, access: Access, write: Callable[[Holdings], object]) -> None:
        self._access = access
        self._write = write

    def require(self, grant: Grant) -> None:
        """The grantee's policies have room for the grant; of a group's members, each sees for himself.

        Raises:
            OverLimitError: they have none. It does not tell what else the grantee holds.
        """
        right = _data_right(grant)
        if right is None or grant.grantee.kind is GranteeKind.GROUP:
            return
        subject = grant.grantee.id
        held = self._access.holdings(subject, [namespace_of(subject)])
        try:
            self._write(held | {right})
        except PolicyTooLargeError:
            raise OverLimitError(
                f"who: {grant.shown_as or subject} holds as many topics and projects as IAM takes for one "
                "person: nothing was done. Share a whole project instead of its topics",
                retry_after_s=_ASK_AGAIN_S,
            ) from None


def _data_right(grant: Grant) -> DataRight | None:
    if grant.right in ROLES:
        return DataRight(full_name(grant.namespace, EVERY_TOPIC), Level.ALL, grant.until)
    level = _LEVELS.get(grant.right)
    return DataRight(full_name(grant.namespace, grant.topic), level, grant.until) if level else None
