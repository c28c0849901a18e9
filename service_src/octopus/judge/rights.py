"""What a principal may do, as far as IAM and the fabric's own record agree."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from octopus.iam.models import Document, Layers
from octopus.iam.normalise import normalise
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.principals import EffectivePolicies
from octopus.judge.store import VersionRecord

SETTLING = timedelta(minutes=2)
"""IAM shows a change everywhere within seconds. After this long a policy that differs from the one the fabric
wrote was written by somebody else, and IAM's word counts."""


@dataclass(frozen=True)
class PrincipalId:
    """A subject and the IAM user that holds its policies."""

    subject: str
    user_name: str


@dataclass(frozen=True)
class Limits:
    """Layers of rules, and a name that is equal for equal ones."""

    layers: Layers
    version: str

    @classmethod
    def of(cls, layers: Layers) -> Limits:
        """These layers under their name."""
        return cls(layers, hashlib.sha256(msgspec.json.encode(layers)).hexdigest()[:32])


@dataclass(frozen=True)
class Rights:
    """What a principal may do, and what that was made of."""

    limits: Limits
    settled: Layers
    """The layers last seen to be those that the fabric wrote."""
    written: VersionRecord | None
    found: EffectivePolicies
    certain: bool
    """False while IAM shows something else than was written."""

    def is_of(self, written: VersionRecord | None, found: EffectivePolicies) -> bool:
        """Whether the same readings would make the same rights again."""
        return self.certain and self.written is written and self.found is found


def weigh(
    *, written: VersionRecord | None, found: EffectivePolicies, previous: Rights | None, now: datetime
) -> Rights:
    """What IAM says, or, while it may still show what was before a change, what both sides allow.

    Args:
        written: which policy the fabric wrote last; None when it writes none for this principal.
        found: what IAM shows.
        previous: the rights until now.

    Raises:
        SourceUnavailableError: IAM does not show the policy that was written, and what was before is unknown.
    """
    if written is None or written.policy_sha256 == found.policy_sha256 or now > written.changed + SETTLING:
        return Rights(Limits.of(found.layers), found.layers, written, found, certain=True)
    if previous is None:
        raise SourceUnavailableError("IAM does not show the policy yet that was last written")
    both = tuple(dict.fromkeys(previous.settled + found.layers))
    return Rights(Limits.of(both), previous.settled, written, found, certain=False)


def session_limits(owner: Rights, own: Document | None) -> Limits:
    """What a session may do: what its owner may now, and its own policy allows too.

    Its policy speaks of its owner, as the owner's own policies do: ``${aws:username}`` is the owner's name.
    Without a policy that can be read it allows nothing.
    """
    user = owner.found.user
    layer = normalise([own], user.principal) if own is not None and user is not None else ()
    return Limits.of((*owner.limits.layers, layer))
