"""Globus Groups, as ``globus_sdk.GroupsClient`` and ``GroupsManager`` speak with it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from octopus.globus.authority import Authority
from octopus.globus.errors import GroupsError
from octopus.globus.groups import Group, Membership, Role, Status
from octopus.globus.scopes import GROUPS_RESOURCE_SERVER, MANAGE_GROUPS, VIEW_GROUPS

_ACTIONS = ("add", "invite", "change_role", "remove")
"""Of the actions on memberships; the rest are what people do in Globus' web application."""
_LONGEST_NAME = 64

_log = structlog.get_logger(__name__)


class _Request:
    """One request with its body read and its caller known."""

    def __init__(self, request: Request, body: Any, authority: Authority) -> None:
        self.parameters = request.query_params
        self.body = body
        self._group_id = request.path_params.get("group_id", "")
        self._authority = authority
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = authority.grants.find(text.strip()) if scheme.lower() == "bearer" else None
        if token is None or token.resource_server != GROUPS_RESOURCE_SERVER:
            raise GroupsError(
                HTTPStatus.UNAUTHORIZED, "INVALID_TOKEN", "the call must carry a live token for Globus Groups"
            )
        self._scopes = token.scope.split()
        self.subject = token.subject
        self.identities = frozenset(each.id for each in authority.clients.identity_set(token.subject))

    def require(self, *scopes: str) -> None:
        if not set(scopes).intersection(self._scopes):
            raise _forbidden(f"the token lacks the scope {scopes[0]}")

    def group(self) -> Group:
        """The group in the path, if the caller may know of it."""
        group = self._authority.groups.find(self._group_id)
        if group is None or not group.visible_to(self.identities):
            raise GroupsError(HTTPStatus.NOT_FOUND, "NOT_FOUND", f"no group {self._group_id[:64]!r}")
        return group


class GroupRoutes:
    """Groups: made, read, deleted, and their memberships changed."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        one = "/v2/groups/{group_id}"
        self.routes = [
            Route("/v2/groups", self._endpoint(self._create), methods=["POST"]),
            Route("/v2/groups/my_groups", self._endpoint(self._mine), methods=["GET"]),
            Route(one, self._endpoint(self._show), methods=["GET"]),
            Route(one, self._endpoint(self._act), methods=["POST"]),
            Route(one, self._endpoint(self._delete), methods=["DELETE"]),
        ]

    def _endpoint(self, answer: Callable[[_Request], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                body = await request.json() if request.method == "POST" else None
            except ValueError:
                raise _invalid("the body is not JSON") from None
            reply = await run_in_threadpool(lambda: answer(_Request(request, body, self._authority)))
            return JSONResponse(reply, headers={"Cache-Control": "no-store"})

        return endpoint

    def _create(self, asked: _Request) -> dict[str, Any]:
        asked.require(MANAGE_GROUPS)
        name = asked.body.get("name") if isinstance(asked.body, dict) else None
        if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
            raise _invalid(f"name must be text of 1 to {_LONGEST_NAME} characters")
        if asked.body.get("parent_id") is not None:
            raise _invalid("parent_id: the stand-in has no groups in groups")
        group = self._authority.groups.create(
            name, admin=asked.subject, description=str(asked.body.get("description") or "")
        )
        _log.info("globus.group_created", group=group.id, subject=asked.subject)
        return self._document(group, asked)

    def _mine(self, asked: _Request) -> list[dict[str, Any]]:
        asked.require(VIEW_GROUPS, MANAGE_GROUPS)
        statuses = set((asked.parameters.get("statuses") or Status.ACTIVE).split(","))
        return [
            self._document(group, asked)
            for group in self._authority.groups.groups_of(asked.identities)
            if any(each.status in statuses for each in group.of(asked.identities))
        ]

    def _show(self, asked: _Request) -> dict[str, Any]:
        asked.require(VIEW_GROUPS, MANAGE_GROUPS)
        group = asked.group()
        body = self._document(group, asked)
        included = (asked.parameters.get("include") or "").split(",")
        if "memberships" in included and group.managed_by(asked.identities):
            body["memberships"] = [self._shown(group, each) for each in group.memberships]
        return body

    def _act(self, asked: _Request) -> dict[str, Any]:
        asked.require(MANAGE_GROUPS)
        group = asked.group()
        if not _are_actions(asked.body):
            raise _invalid(f"the stand-in takes the actions {', '.join(_ACTIONS)}, each of a list of objects")
        if not group.managed_by(asked.identities):
            raise _forbidden("only managers and admins of the group change its memberships")
        done: dict[str, Any] = {}
        errors: dict[str, list[dict[str, str]]] = {}
        for action, wanted in asked.body.items():
            for each in wanted:
                try:
                    changed = self._change(group, action, each)
                except GroupsError as error:
                    errors.setdefault(action, []).append(
                        {
                            "code": error.code,
                            "identity_id": str(each.get("identity_id")),
                            "detail": error.detail,
                        }
                    )
                else:
                    done.setdefault(action, []).append(self._shown(group, changed))
        _log.info("globus.group_changed", group=group.id, subject=asked.subject)
        return {**done, "errors": errors} if errors else done

    def _change(self, group: Group, action: str, wanted: dict[str, Any]) -> Membership:
        identity = str(wanted.get("identity_id", "")).lower()
        if self._authority.clients.subject(identity) is None:
            raise GroupsError(HTTPStatus.NOT_FOUND, "IDENTITY_NOT_FOUND", "no such identity")
        before = next(iter(group.of({identity})), None)
        if action in ("change_role", "remove") and before is None:
            raise GroupsError(HTTPStatus.NOT_FOUND, "MEMBERSHIP_NOT_FOUND", "no such membership")
        try:
            role = Role(wanted.get("role", before.role if before else Role.MEMBER))
        except ValueError:
            raise _invalid(f"role must be one of {', '.join(Role)}") from None
        status = {"invite": Status.INVITED, "remove": Status.REMOVED}.get(action, Status.ACTIVE)
        return self._authority.groups.put(group.id, identity, role=role, status=status)

    def _delete(self, asked: _Request) -> dict[str, Any]:
        asked.require(MANAGE_GROUPS)
        group = asked.group()
        if not group.administered_by(asked.identities):
            raise _forbidden("only admins of the group delete it")
        self._authority.groups.delete(group.id)
        _log.info("globus.group_deleted", group=group.id, subject=asked.subject)
        return self._document(group, asked)

    def _document(self, group: Group, asked: _Request) -> dict[str, Any]:
        return {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "parent_id": None,
            "group_type": "regular",
            "enforce_session": False,
            "session_limit": 28800,
            "session_timeouts": {},
            "my_memberships": [self._shown(group, each) for each in group.of(asked.identities)],
            "policies": {"group_visibility": "private", "group_members_visibility": "managers"},
            "subscription_id": None,
            "subscription_info": None,
        }

    def _shown(self, group: Group, membership: Membership) -> dict[str, Any]:
        subject = self._authority.clients.subject(membership.identity)
        return {
            "group_id": group.id,
            "identity_id": membership.identity,
            "username": subject.username if subject is not None else None,
            "role": membership.role,
            "status": membership.status,
        }


def _are_actions(body: Any) -> bool:
    return isinstance(body, dict) and all(
        action in _ACTIONS and isinstance(wanted, list) and all(isinstance(each, dict) for each in wanted)
        for action, wanted in body.items()
    )


def _invalid(detail: str) -> GroupsError:
    return GroupsError(HTTPStatus.UNPROCESSABLE_ENTITY, "UNPROCESSABLE_ENTITY", detail)


def _forbidden(detail: str) -> GroupsError:
    return GroupsError(HTTPStatus.FORBIDDEN, "FORBIDDEN", detail)
