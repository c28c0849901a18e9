"""One question to Globus Groups: who is in this group?"""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import globus_sdk
import structlog

from octopus.errors import UnavailableError
from octopus.identity.clients import GlobusClients
from octopus.membership.models import GroupList

_NOT_SHOWN = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})

_log = structlog.get_logger(__name__)


def ask(globus: GlobusClients, group_id: str) -> GroupList:
    """The group as this service is shown it: nothing, its name alone, or its members too.

    A group's members are seen by its managers, and by all its members where its policy says so: so the
    group's admin decides whether the fabric may go by it, by making the service's client a manager.

    Raises:
        UnavailableError: no usable answer.
    """
    try:
        answer = globus.groups.get_group(group_id, include="memberships").data
        return _read(answer)
    except globus_sdk.GlobusAPIError as error:
        if _is_hidden(error):
            return GroupList(name=None, members=frozenset(), shown=False)
        _log.warning("groups.refused", group=group_id, http_status=error.http_status, code=error.code)
    except globus_sdk.GlobusError as error:
        _log.warning("groups.unreachable", group=group_id, kind=type(error).__name__)
    except (KeyError, TypeError, ValueError, AttributeError):
        _log.error("groups.unreadable", group=group_id)
    # The chained error would carry the request, and its header a token.
    raise UnavailableError("Globus Groups does not say who is in the group; try again")


def _is_hidden(error: globus_sdk.GlobusAPIError) -> bool:
    # Globus Groups gives its refusals a code; anything else that says 404 is no answer about the group.
    return (
        isinstance(error, globus_sdk.GroupsAPIError)
        and error.http_status in _NOT_SHOWN
        and error.code is not None
    )


def _read(answer: Any) -> GroupList:
    memberships = answer.get("memberships")
    return GroupList(
        name=str(answer["name"]),
        members=frozenset(
            str(uuid.UUID(each["identity_id"])) for each in memberships or () if each["status"] == "active"
        ),
        shown=memberships is not None,
    )
