"""HTTP of credentials: ``/key``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from octopus.credentials.keys import Keys
from octopus.credentials.models import KeyDeletedReply, KeyReply, KeysReply, KeySummary
from octopus.web.authentication import AuthenticatedCaller, TokenCaller
from octopus.web.errors import DOCUMENTED, FailureReply

router = APIRouter(prefix="/api/v3", tags=["Authentication"], responses=DOCUMENTED)


def _keys(request: Request) -> Keys:
    found: Keys = request.app.state.keys
    return found


def _endpoint(request: Request) -> str:
    return str(request.app.state.settings.bootstrap_servers)


KeysOfFabric = Annotated[Keys, Depends(_keys)]
Endpoint = Annotated[str, Depends(_endpoint)]


@router.post("/key", summary="Get your key", response_model=KeyReply | FailureReply)
def create_key(caller: AuthenticatedCaller, keys: KeysOfFabric, endpoint: Endpoint) -> KeyReply:
    """The key that you have, while it works; otherwise a new one (`fresh`). Makes your account if need be."""
    key = keys.current(caller.subject)
    verb = "created" if key.fresh else "already exists"
    return KeyReply(
        message=f"Access key {verb} for {caller.subject}",
        access_key=key.access_key_id,
        secret_key=key.secret,
        create_date=key.created,
        endpoint=endpoint,
        fresh=key.fresh,
    )


@router.delete("/key", summary="Delete your keys")
def delete_key(caller: AuthenticatedCaller, keys: KeysOfFabric) -> KeyDeletedReply:
    """No key of yours works any more; connections that use one end within a minute."""
    keys.delete_all(caller.subject)
    return KeyDeletedReply(message=f"Access key deleted for {caller.subject}")


@router.get("/keys", summary="List your keys")
def list_keys(caller: TokenCaller, keys: KeysOfFabric) -> KeysReply:
    """Each key that the fabric holds of you, newest first, without its secret."""
    found = [
        KeySummary(
            access_key=key.access_key_id,
            kind=key.kind,
            state="active" if key.active else "inactive",
            create_date=key.created,
        )
        for key in keys.recorded(caller.subject)
    ]
    return KeysReply(message=f"Found {len(found)} keys for {caller.subject}", keys=found)
