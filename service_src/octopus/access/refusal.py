"""What a caller must hold, and the one answer for whoever does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus.access.models import Right
from octopus.errors import ForbiddenError
from octopus.identity.models import Caller

if TYPE_CHECKING:
    from octopus.access.service import Access


def require_right(
    access: Access, caller: Caller, namespace: str, topic: str | None, *one_of: Right
) -> frozenset[Right]:
    """The caller's rights on a topic, or on the namespace itself; one of those named is among them.

    Raises:
        ForbiddenError: none is. The answer is the same for what does not exist.
    """
    rights = access.rights(caller, namespace, topic)
    if rights.isdisjoint(one_of):
        raise refused(caller.subject, namespace)
    return rights


def refused(subject: str, namespace: str) -> ForbiddenError:
    """The one answer about a namespace that is not the subject's to use so, whether there is one or not."""
    return ForbiddenError(f"Namespace {namespace[:64]} not found for {subject}")
