"""What the life of an account asks of IAM, by whatever kind of credential its users sign."""

from __future__ import annotations

from typing import Protocol

from octopus.iam.generate import policy_sha256
from octopus.iam.holdings import Holdings


class Principals(Protocol):
    """Principals of one fabric's accounts. Each call may be repeated."""

    def fitting(self, subject: str, holdings: Holdings) -> Holdings:
        """As many of these rights as the principal can have at once, the most senior first; mostly all."""

    def policy_sha256(self, holdings: Holdings) -> str:
        """Hash of the policies that a principal with these rights has.

        Raises:
            PolicyTooLargeError: they are more than one principal can have; says how many.
        """

    def in_order(self, subject: str, holdings: Holdings) -> bool:
        """Whether the principal is there, with exactly these rights."""

    def is_foreign(self, subject: str) -> bool:
        """Whether IAM has somebody of that name who is not this fabric's."""

    def exists(self, subject: str) -> bool:
        """Whether IAM has this fabric's principal of that name."""

    def ensure(self, subject: str, holdings: Holdings) -> Holdings:
        """Make or mend the principal; returns the rights that it has from now on.

        Raises:
            Failure: it cannot be had.
            PolicyTooLargeError: these are more rights than one principal can have; nothing was done.
        """

    def suspend(self, subject: str) -> None:
        """The principal, which exists, is denied everything; `ensure` gives its rights back.

        Raises:
            Failure: something that was done by hand is in the way; it is denied everything nevertheless.
        """

    def withdraw(self, subject: str) -> None:
        """The principal, which exists, has no rights any more.

        Raises:
            Failure: something that was done by hand is in the way; it has none nevertheless.
        """

    def delete(self, subject: str) -> None:
        """No such principal exists any more; its keys and its rights must be gone before.

        Raises:
            Failure: something that was done by hand is in the way.
        """


class SessionPrincipals(Principals):
    """People whom IAM does not know: their rights stand in the policies of their sessions, and nowhere else.

    So there is nobody to make, to suspend or to delete; who gets no session has no rights.
    """

    def fitting(self, subject: str, holdings: Holdings) -> Holdings:
        """See `Principals.fitting`: all of them, as each session names its own."""
        return holdings

    def policy_sha256(self, holdings: Holdings) -> str:
        """See `Principals.policy_sha256`: of the rights themselves."""
        rights = [
            [right.name, right.level.value, right.until.isoformat() if right.until else ""]
            for right in holdings
        ]
        return policy_sha256({"rights": sorted(rights)})

    def in_order(self, subject: str, holdings: Holdings) -> bool:
        """See `Principals.in_order`."""
        return True

    def is_foreign(self, subject: str) -> bool:
        """See `Principals.is_foreign`."""
        return False

    def exists(self, subject: str) -> bool:
        """See `Principals.exists`."""
        return False

    def ensure(self, subject: str, holdings: Holdings) -> Holdings:
        """See `Principals.ensure`."""
        return holdings

    def suspend(self, subject: str) -> None:
        """See `Principals.suspend`."""

    def withdraw(self, subject: str) -> None:
        """See `Principals.withdraw`."""

    def delete(self, subject: str) -> None:
        """See `Principals.delete`."""
