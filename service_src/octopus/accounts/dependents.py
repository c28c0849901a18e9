"""What keeps an account from being deleted: the one place where features say that others depend on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from octopus.accounts.models import Account
from octopus.errors import Failure
from octopus.topics.names import namespace_of

Dependents = Callable[[Account], str | None]
"""Says, in a sentence for the caller, what of others depends on an account; None when nothing does."""


def further_namespaces(account: Account) -> str | None:
    """Namespaces besides the account's own: others may have been given rights on them."""
    further = account.namespaces - {namespace_of(account.subject)}
    if not further:
        return None
    return f"user has {len(further)} additional namespace(s). Delete namespaces first."


def require_none(account: Account, dependents: Sequence[Dependents]) -> None:
    """Nothing of others depends on the account.

    Raises:
        Failure: something does; the message says what.
    """
    for dependent in dependents:
        sentence = dependent(account)
        if sentence is not None:
            raise Failure(f"Cannot delete user {account.subject}: {sentence}")
