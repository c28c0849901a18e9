"""HTTP of keys: ``/key`` as published clients know it, ``/keys`` and ``/sessions``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Body, Depends, Path, Request

from octopus.addresses import Addresses
from octopus.credentials.keys import Keys
from octopus.credentials.models import Kind, ListedKey, UsableKey
from octopus.credentials.replies import (
    DoneReply,
    KeyLabel,
    KeyReply,
    KeyRotation,
    KeysReply,
    KeySummary,
    NewKey,
    NewKeyReply,
    NewSession,
    RotatedKeyReply,
    SessionReply,
)
from octopus.credentials.sessions import Sessions
from octopus.web.authentication import AuthenticatedCaller, TokenCaller
from octopus.web.errors import DOCUMENTED, FailureReply, documented

router = APIRouter(prefix="/api/v3", tags=["Authentication"], responses=DOCUMENTED)

_NOT_YOURS: dict[int | str, dict[str, Any]] = {
    404: documented("You have no such key.", 404, "Key AKIAIOSFODNN7EXAMPLE not found for 7d8d…")
}


def _keys(request: Request) -> Keys:
    found: Keys = request.app.state.keys
    return found


def _sessions(request: Request) -> Sessions:
    found: Sessions = request.app.state.sessions
    return found


def _region(request: Request) -> str:
    return str(request.app.state.settings.cluster_arn).split(":")[3]


def _endpoint(request: Request) -> str:
    addresses: Addresses = request.app.state.addresses
    return addresses.brokers().outside


KeysOfFabric = Annotated[Keys, Depends(_keys)]
SessionsOfFabric = Annotated[Sessions, Depends(_sessions)]
Region = Annotated[str, Depends(_region)]
Endpoint = Annotated[str, Depends(_endpoint)]
AccessKey = Annotated[
    str, Path(pattern="^[A-Z0-9]{16,128}$", description="Access key id of one of your keys or sessions.")
]


@router.post("/key", summary="Get your key", response_model=KeyReply | FailureReply)
def create_key(caller: AuthenticatedCaller, keys: KeysOfFabric, endpoint: Endpoint) -> KeyReply:
    """Your newest key that works; otherwise a new one (`fresh`). Makes your account if need be."""
    key = keys.current(caller.subject)
    verb = "created" if key.fresh else "already exists"
    return KeyReply(**_shown(key, endpoint), message=f"Access key {verb} for {caller.subject}")


@router.delete("/key", summary="Delete all your keys")
def delete_key(caller: AuthenticatedCaller, keys: KeysOfFabric) -> DoneReply:
    """No key and no session of yours works any more; connections that use one end within a minute."""
    keys.delete_all(caller.subject)
    return DoneReply(message=f"Access key deleted for {caller.subject}")


@router.get("/keys", summary="List your keys and sessions")
def list_keys(caller: TokenCaller, keys: KeysOfFabric) -> KeysReply:
    """Each key and session that the fabric holds of you, newest first, without its secret."""
    found = [_summary(key) for key in keys.listed(caller.subject)]
    return KeysReply(message=f"Found {len(found)} keys for {caller.subject}", keys=found)


@router.post("/keys", summary="Create a further key", response_model=NewKeyReply | FailureReply)
def add_key(
    caller: TokenCaller,
    keys: KeysOfFabric,
    endpoint: Endpoint,
    wanted: Annotated[NewKey | None, Body()] = None,
) -> NewKeyReply:
    """A new key beside the one that you have: for another machine, say. Two is all that a user may have."""
    wanted = wanted or NewKey()
    key = keys.add(caller.subject, label=wanted.label, expires_days=wanted.expires_days)
    return NewKeyReply(
        **_shown(key, endpoint),
        message=f"Access key created for {caller.subject}",
        label=key.label,
        expires=key.expires,
    )


@router.post(
    "/keys/{access_key}/rotate",
    summary="Replace a key",
    response_model=RotatedKeyReply | FailureReply,
    responses=_NOT_YOURS,
)
def rotate_key(
    caller: TokenCaller,
    keys: KeysOfFabric,
    endpoint: Endpoint,
    access_key: AccessKey,
    wanted: Annotated[KeyRotation | None, Body()] = None,
) -> RotatedKeyReply:
    """A new key in the place of another, which works on for some hours, so that nothing stands still."""
    overlap = timedelta(hours=(wanted or KeyRotation()).overlap_hours)
    rotation = keys.rotate(caller.subject, access_key, overlap=overlap)
    return RotatedKeyReply(
        **_shown(rotation.key, endpoint),
        message=f"Access key {access_key} replaced for {caller.subject}",
        label=rotation.key.label,
        expires=rotation.key.expires,
        replaced=rotation.replaced,
        replaced_expires=rotation.replaced_expires,
    )


@router.patch("/keys/{access_key}", summary="Label a key", responses=_NOT_YOURS)
def label_key(caller: TokenCaller, keys: KeysOfFabric, access_key: AccessKey, wanted: KeyLabel) -> DoneReply:
    """Your own name for a key or session, which lists and messages show."""
    keys.relabel(caller.subject, access_key, wanted.label)
    return DoneReply(message=f"Access key {access_key} labelled for {caller.subject}")


@router.delete("/keys/{access_key}", summary="Delete a key or session")
def delete_one_key(caller: TokenCaller, keys: KeysOfFabric, access_key: AccessKey) -> DoneReply:
    """This key or session does not work any more; connections that use it end within a minute."""
    verb = "deleted" if keys.revoke(caller.subject, access_key) else "not found"
    return DoneReply(message=f"Access key {access_key} {verb} for {caller.subject}")


@router.post("/sessions", summary="Open a session", response_model=SessionReply | FailureReply)
def open_session(
    caller: TokenCaller, sessions: SessionsOfFabric, endpoint: Endpoint, region: Region, wanted: NewSession
) -> SessionReply:
    """Keys for an hour at most, limited to topics and actions: to hand to a worker, or to sign with yourself.

    They never allow more than you may do at that moment.
    """
    session = sessions.open(
        caller.subject,
        topics=wanted.topics,
        actions=wanted.actions,
        duration_s=wanted.duration_seconds,
        label=wanted.label,
    )
    return SessionReply(
        message=f"Session opened for {caller.subject}",
        access_key=session.access_key_id,
        secret_key=session.secret,
        session_token=session.token,
        expiration=session.expires,
        endpoint=endpoint,
        region=region,
        topics=sorted(set(wanted.topics)),
        actions=sorted(set(wanted.actions)),
        label=wanted.label,
    )


def _shown(key: UsableKey, endpoint: str) -> dict[str, Any]:
    return {
        "access_key": key.access_key_id,
        "secret_key": key.secret,
        "create_date": key.created,
        "endpoint": endpoint,
        "fresh": key.fresh,
        "usable_after": key.usable_after,
    }


def _summary(key: ListedKey) -> KeySummary:
    stored = key.stored
    session = stored.kind is Kind.SESSION
    return KeySummary(
        access_key=stored.access_key_id,
        label=stored.label,
        kind=stored.kind,
        state="expired" if stored.expired() else stored.state.value,
        create_date=stored.created,
        expires=stored.expires,
        last_used=key.last_used,
        replaced_by=stored.successor,
        topics=list(stored.topics) if session else None,
        actions=cast("list[Literal['read', 'write']]", list(stored.actions)) if session else None,
    )
