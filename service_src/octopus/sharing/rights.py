"""What a caller must hold to share, or to see with whom something is shared."""

from __future__ import annotations

from octopus.access.models import Right
from octopus.access.service import Access
from octopus.errors import ForbiddenError
from octopus.identity.models import Caller


def require_right(
    access: Access, caller: Caller, namespace: str, topic: str | None, *one_of: Right
) -> frozenset[Right]:
    """The caller's rights on a topic, or on the namespace itself; one of those named is among them.

    Raises:
        ForbiddenError: none is. The answer is the same for what does not exist.
    """
    rights = access.rights(caller, namespace, topic)
    if rights.isdisjoint(one_of):
        raise refused(caller, namespace)
    return rights


def refused(caller: Caller, namespace: str) -> ForbiddenError:
    """The one answer about a namespace that is not the caller's, whether there is one or not."""
    return ForbiddenError(f"Namespace {namespace[:64]} not found for {caller.subject}")
