"""Whether a person's policies have room for one more right: one that IAM does not take is none."""

from __future__ import annotations

from collections.abc import Callable

from octopus.access.models import Grant, GranteeKind, Right
from octopus.access.service import Access
from octopus.errors import OverLimitError
from octopus.iam.generate import PolicyTooLargeError
from octopus.iam.holdings import Holdings

_ASK_AGAIN_S = 3600
"""Somebody has to give something up first."""


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
        """The policies of everybody for whom the grant would count have room for it.

        A group's members are not asked: of whom it is too much keeps what he had before.

        Raises:
            OverLimitError: they have none. It does not tell what else they hold, or who they are.
        """
        if grant.right is Right.MANAGE or grant.grantee.kind is GranteeKind.GROUP:
            return
        try:
            for holdings in self._access.holdings_with(grant):
                self._write(holdings)
        except PolicyTooLargeError:
            raise OverLimitError(
                f"who: {grant.shown_as or grant.grantee.id} holds as many topics and projects as IAM takes "
                "for one person: nothing was done. Share a whole project instead of its topics",
                retry_after_s=_ASK_AGAIN_S,
            ) from None
