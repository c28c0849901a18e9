"""HTTP below ``/account``: what an account has, its move to another identity, and its end, with a plan."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from octopus.accounts.moves import Moves
from octopus.accounts.namespaces import Namespaces
from octopus.accounts.overview import Overviews
from octopus.accounts.parameters import AccountsOfFabric
from octopus.accounts.replies import (
    AccountDeletedReply,
    AccountMovedReply,
    AccountPlan,
    AccountReply,
    ContentsShown,
    Move,
    NamespaceDeletedReply,
    NamespaceWipedReply,
)
from octopus.errors import Failure, ForbiddenError, InvalidError, NotAuthenticatedError
from octopus.identity.models import Caller
from octopus.identity.service import Authenticator
from octopus.topics.names import namespace_of
from octopus.web.authentication import OwnAccount, TokenCaller
from octopus.web.errors import DOCUMENTED, HOLDS_A_SECRET
from octopus.web.parameters import DryRun

router = APIRouter(prefix="/api/v3/account", tags=["Account"], responses=DOCUMENTED)


def _overviews(request: Request) -> Overviews:
    found: Overviews = request.app.state.overviews
    return found


def _namespaces(request: Request) -> Namespaces:
    found: Namespaces = request.app.state.namespaces
    return found


def _moves(request: Request) -> Moves:
    found: Moves = request.app.state.moves
    return found


OverviewsOfFabric = Annotated[Overviews, Depends(_overviews)]
NamespacesOfFabric = Annotated[Namespaces, Depends(_namespaces)]
MovesOfFabric = Annotated[Moves, Depends(_moves)]


@router.get("", summary="Describe your account")
def describe_account(caller: TokenCaller, account: OwnAccount, overviews: OverviewsOfFabric) -> AccountReply:
    """Its state, its namespaces, your linked identities, and what others let you do."""
    return AccountReply.of(overviews.of(caller, account), caller.subject, caller.username)


@router.delete("", summary="Delete your account with all that hangs on it")
def delete_account(
    caller: TokenCaller, accounts: AccountsOfFabric, overviews: OverviewsOfFabric, dry_run: DryRun = False
) -> AccountDeletedReply:
    """No key works and no right counts from now on; topics and records of all namespaces go a minute later.

    Refused while you are the only owner of a project.
    """
    if dry_run:
        return AccountDeletedReply(
            message=f"User {caller.subject} would be deleted",
            dry_run=True,
            plan=AccountPlan.of(overviews.deletion_plan(caller.subject)),
        )
    try:
        accounts.delete(caller.subject, further_too=True)
    except Failure as failure:
        raise InvalidError(failure.message) from None
    return AccountDeletedReply(message=f"User {caller.subject} deleted", dry_run=False)


@router.post("/wipe", summary="Wipe a namespace of yours")
def wipe_namespace(
    caller: TokenCaller,
    namespaces: NamespacesOfFabric,
    namespace: Annotated[
        str | None, Query(description="Your own one, unless you have more.", max_length=64)
    ] = None,
    dry_run: DryRun = False,
) -> NamespaceWipedReply:
    """Its topics with their records, its consumer groups and the grants on it are gone; it stays yours."""
    name = namespace or namespace_of(caller.subject)
    if dry_run:
        contents, in_use = namespaces.contents(caller.subject, name), list[str]()
    else:
        contents, in_use = namespaces.wipe(caller.subject, name)
    shown = ContentsShown.of(contents)
    what = f"{len(shown.topics)} topics, {len(shown.groups)} consumer groups, {len(shown.grants)} grants"
    return NamespaceWipedReply(
        message=f"Namespace {name} {'would be wiped' if dry_run else 'wiped'}: {what}",
        dry_run=dry_run,
        namespace=name,
        contents=shown,
        groups_in_use=in_use,
    )


@router.delete("/namespaces/{namespace}", summary="Delete a further namespace of yours")
def delete_namespace(
    caller: TokenCaller,
    namespaces: NamespacesOfFabric,
    namespace: Annotated[str, Path(description="One that came to you by a move.", max_length=64)],
    dry_run: DryRun = False,
) -> NamespaceDeletedReply:
    """It is nobody's from now on; topics and records go a minute later. Your own goes with the account."""
    if dry_run:
        return NamespaceDeletedReply(
            message=f"Namespace {namespace} would be deleted",
            dry_run=True,
            namespace=namespace,
            contents=ContentsShown.of(namespaces.contents(caller.subject, namespace)),
        )
    namespaces.delete(caller.subject, namespace)
    return NamespaceDeletedReply(message=f"Namespace {namespace} deleted", dry_run=False, namespace=namespace)


@router.post("/move", summary="Take over what another identity of yours has", openapi_extra=HOLDS_A_SECRET)
def move_account(
    request: Request, caller: TokenCaller, moves: MovesOfFabric, wanted: Move
) -> AccountMovedReply:
    """Namespaces, topics, grants, memberships and limits of the old identity are yours; its keys end.

    Its namespaces are further ones of yours, under their old names.
    """
    old = _proven(request, wanted)
    try:
        account = moves.move(old.subject, caller.subject)
    except Failure as failure:
        raise InvalidError(failure.message) from None
    return AccountMovedReply(
        message=f"All of {old.subject} is yours: ask for a key of your own",
        moved_from=old.subject,
        subject=account.subject,
        namespaces=sorted(account.namespaces),
    )


def _proven(request: Request, wanted: Move) -> Caller:
    authenticator: Authenticator = request.app.state.authenticator
    try:
        return authenticator.authenticate(f"Bearer {wanted.token.get_secret_value()}")
    except (NotAuthenticatedError, ForbiddenError) as refused:
        # The request itself is well authenticated: only what its body holds is not.
        raise InvalidError(f"token: {refused.message}") from None
