"""People by name: who a user name or a UUID is, and what an identity is called on a page."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import globus_sdk
import structlog
from cachetools import TTLCache

from octopus.errors import InvalidError, UnavailableError
from octopus.identity.clients import GlobusClients

_AT_ONCE = 100
"""Identities that Globus Auth is asked for in one request."""
_SHOWN_LIFE_S = 3600.0
"""How long a name that is only shown may be an old one."""
_REMEMBERED = 10_000

_UUID_LENGTH = 36
_USERNAME = re.compile(r"[^\s,@]{1,200}@[^\s,@]{1,200}(@[^\s,@]{1,200})?")
"""``name@institution.edu``; Globus Auth has some with a second part, of the provider."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Person:
    """A Globus identity as others may be shown it."""

    id: str
    """Lower-case UUID: what rights are stored by."""
    username: str
    email: str | None


class People:
    """Looks identities up at Globus Auth, as this service's own client; safe to call from many threads."""

    def __init__(self, globus: GlobusClients, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._globus = globus
        self._shown: TTLCache[str, Person] = TTLCache(_REMEMBERED, _SHOWN_LIFE_S, timer=clock)
        self._lock = threading.Lock()

    def resolve(self, who: str) -> Person:
        """The one identity that is meant: by user name, which is an e-mail address for most people, or UUID.

        An address that is nobody's user name finds nobody: what identities claim as their e-mail is not
        proven by every provider, and whoever claimed another's would be given what was meant for that one.

        Raises:
            InvalidError: it is no name and no UUID, nobody has it, or several identities do.
            UnavailableError: Globus Auth gave no usable answer.
        """
        wanted = who.strip()
        identity = _as_uuid(wanted)
        if identity is not None:
            found = self._ask(ids=[identity])
        elif _USERNAME.fullmatch(wanted):
            found = self._ask(usernames=[wanted])
        else:
            raise InvalidError(
                f"who: must be a user name (name@institution.edu) or a UUID, received {who[:64]!r}"
            )
        if not found:
            raise InvalidError(f"who: Globus Auth knows no identity {wanted[:254]!r}")
        if len(found) > 1:
            ids = ", ".join(sorted(person.id for person in found))
            raise InvalidError(f"who: {wanted!r} is the user name of several identities; name one: {ids}")
        return found[0]

    def shown(self, ids: Collection[str]) -> dict[str, Person]:
        """These identities by id, as far as they are known, for people to read.

        With Globus Auth away, only those that were asked for within the hour.
        """
        with self._lock:
            known = {identity: person for identity in ids if (person := self._shown.get(identity))}
        missing = sorted(set(ids) - known.keys())
        for start in range(0, len(missing), _AT_ONCE):
            try:
                found = self._ask(ids=missing[start : start + _AT_ONCE])
            except UnavailableError:
                break
            known |= {person.id: person for person in found}
        return known

    def _ask(self, *, ids: Iterable[str] = (), usernames: Iterable[str] = ()) -> list[Person]:
        try:
            answer = (
                self._globus.identities.get_identities(ids=ids)
                if ids
                else self._globus.identities.get_identities(usernames=usernames)
            )
            found = [_person(each) for each in answer.data["identities"]]
        except globus_sdk.GlobusError as error:
            _log.error("globus.identities_unknown", kind=type(error).__name__)
            # The chained error would carry the request, and its header the service's secret.
            raise UnavailableError("Globus Auth does not say who that is; try again") from None
        except (KeyError, TypeError, ValueError, AttributeError):
            _log.error("globus.unreadable")
            raise UnavailableError("Globus Auth answered in a form that cannot be read; try again") from None
        with self._lock:
            self._shown.update({person.id: person for person in found})
        return found


def _person(identity: dict[str, Any]) -> Person:
    return Person(
        id=str(uuid.UUID(identity["id"])), username=str(identity["username"]), email=identity.get("email")
    )


def _as_uuid(text: str) -> str | None:
    if len(text) != _UUID_LENGTH:  # `UUID` takes braces and other forms too
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None
