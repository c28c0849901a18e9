"""Parameters of routes about accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from octopus.accounts.service import Accounts


def _accounts(request: Request) -> Accounts:
    found: Accounts = request.app.state.accounts
    return found


AccountsOfFabric = Annotated[Accounts, Depends(_accounts)]
