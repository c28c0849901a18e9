"""HTTP of accounts: ``/user`` and ``/namespace``."""

from __future__ import annotations

from fastapi import APIRouter

from octopus.accounts.models import NamespacesReply, UserDeletedReply, UserReply
from octopus.accounts.parameters import AccountsOfFabric
from octopus.topics.names import namespace_of
from octopus.web.authentication import AuthenticatedCaller, OwnAccount
from octopus.web.errors import DOCUMENTED, FailureReply

router = APIRouter(prefix="/api/v3", responses=DOCUMENTED)


@router.post("/user", tags=["User"], summary="Create your account", response_model=UserReply | FailureReply)
def create_user(caller: AuthenticatedCaller, accounts: AccountsOfFabric) -> UserReply:
    """Your IAM user and your namespace exist. The reply is the same however often you ask."""
    accounts.create(caller.subject)
    namespace = namespace_of(caller.subject)
    return UserReply(
        message=f"User {caller.subject} created with namespace {namespace}",
        subject=caller.subject,
        namespace=namespace,
    )


@router.delete(
    "/user", tags=["User"], summary="Delete your account", response_model=UserDeletedReply | FailureReply
)
def delete_user(caller: AuthenticatedCaller, accounts: AccountsOfFabric) -> UserDeletedReply:
    """No key of yours works, and nothing of yours is to be seen; topics and records go a minute later."""
    accounts.delete(caller.subject)
    return UserDeletedReply(message=f"User {caller.subject} deleted")


@router.get("/namespace", tags=["Namespace"], summary="List your namespaces and topics")
def list_namespaces(
    caller: AuthenticatedCaller, account: OwnAccount, accounts: AccountsOfFabric
) -> NamespacesReply:
    """Each namespace with its topics in order; empty before you have an account."""
    namespaces = accounts.namespaces_of(account)
    return NamespacesReply(
        message=f"Found {len(namespaces)} namespaces for {caller.subject}", namespaces=namespaces
    )
