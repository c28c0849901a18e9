"""A person's, or a program's, own login to the fabric, at the Globus Auth that the fabric names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from globus_sdk import AuthAPIError, AuthClient, GlobusError, UserApp
from globus_sdk.authorizers import RenewingAuthorizer
from globus_sdk.login_flows import CommandLineLoginFlowManager, LocalServerLoginFlowManager
from globus_sdk.token_storage import SQLiteTokenStorage
from globus_sdk.token_storage.validating_token_storage import IdentityMismatchError

from octopus.connect.errors import ConnectError
from octopus.connect.fabric import Fabric
from octopus.connect.token import FabricToken
from octopus.globus.database import check_private
from octopus.identity.apps import client_app, client_of_environment, point_globus_at, user_app

_NAME = "octopus connect"
_AUTH_IS_AWAY = "Globus Auth does not answer ({}): check the network, and start again."


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who is logged in."""

    subject: str
    """UUID of the Globus identity, in lower case."""
    username: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """A login that lasts."""

    person: Person
    token: FabricToken


class _OnTerminal(CommandLineLoginFlowManager):
    """Asks on standard error: standard output is for the shell."""

    def print_authorize_url(self, authorize_url: str) -> None:
        """Say where to log in."""
        sys.stderr.write(f"Log in at this address, and copy the code that it shows:\n\n{authorize_url}\n\n")

    def prompt_for_code(self) -> str:
        """The code as the person types it."""
        sys.stderr.write("Code: ")
        sys.stderr.flush()
        line = sys.stdin.readline().strip()
        if not line:
            raise ConnectError(
                "No code was typed, so nobody is logged in: start `octopus connect` at a terminal, or with "
                "DIASPORA_SDK_CLIENT_ID and DIASPORA_SDK_CLIENT_SECRET of a program's own client."
            )
        return line


@contextmanager
def logged_in(fabric: Fabric, folder: Path, *, browser: bool) -> Iterator[Session]:
    """A session of whoever logs in, or did before, until the block ends.

    Args:
        folder: keeps the person's tokens; those of a program's client (``DIASPORA_SDK_CLIENT_ID`` and
            ``DIASPORA_SDK_CLIENT_SECRET``) are kept nowhere.
        browser: whether to open a browser here, rather than to have an address opened and a code typed.

    Raises:
        ConnectError: nobody logged in.
    """
    point_globus_at(fabric.about.globus_auth_url)
    client = client_of_environment()
    if client is not None:
        client_id = client[0].lower()
        person = Person(subject=client_id, username=f"{client_id}@clients.auth.globus.org")
        with client_app(
            _NAME, client_id=client_id, secret=client[1], service_client_id=fabric.client_id
        ) as app:
            try:
                authorizer = app.get_authorizer(fabric.client_id)
            except AuthAPIError as error:
                if error.http_status >= 500:
                    raise ConnectError(_AUTH_IS_AWAY.format(f"HTTP {error.http_status}")) from error
                raise ConnectError(
                    f"Globus Auth does not take DIASPORA_SDK_CLIENT_ID {client_id} with its secret for this "
                    "fabric: unset both to log in as yourself."
                ) from error
            yield Session(person=person, token=FabricToken(cast(RenewingAuthorizer[Any], authorizer)))
        return
    manager = LocalServerLoginFlowManager if browser else _OnTerminal
    with _user(fabric, folder, manager) as user:
        person = _identify(user)
        authorizer = user.get_authorizer(fabric.client_id)
        yield Session(person=person, token=FabricToken(cast(RenewingAuthorizer[Any], authorizer)))


def log_out(fabric: Fabric, folder: Path) -> bool:
    """Revoke and forget the kept tokens of a fabric; returns whether there were any."""
    if not _token_file(folder).is_file():
        return False
    point_globus_at(fabric.about.globus_auth_url)
    with _user(fabric, folder, _OnTerminal) as user:
        user.logout()
    _token_file(folder).unlink()
    return True


def _identify(user: UserApp) -> Person:
    """Who is logged in, after a login if the kept one works no more."""
    try:
        user.login()
        try:
            who = _userinfo(user)
        except AuthAPIError as error:
            if error.http_status >= 500:
                raise
            user.login(force=True)
            who = _userinfo(user)
    except IdentityMismatchError as error:
        raise ConnectError(
            "You logged in as somebody else than last time: forget that login first, with --logout."
        ) from error
    except AuthAPIError as error:
        raise ConnectError(
            f"Globus Auth did not log you in (HTTP {error.http_status}): start again, and type the "
            "code that the page shows then."
        ) from error
    except GlobusError as error:
        raise ConnectError(_AUTH_IS_AWAY.format(type(error).__name__)) from error
    return Person(subject=who["sub"].lower(), username=who["preferred_username"])


def _userinfo(user: UserApp) -> Any:
    with AuthClient(app=user) as auth:
        return auth.userinfo()


@contextmanager
def _user(fabric: Fabric, folder: Path, manager: type[Any]) -> Iterator[UserApp]:
    client_id = os.environ.get("OCTOPUS_CLI_CLIENT_ID") or fabric.about.cli_client_id
    if client_id is None:
        raise ConnectError(
            f"{fabric.url} names no Globus client for people at a terminal: set OCTOPUS_CLI_CLIENT_ID to a "
            "native client's UUID (docs/globus.md), or ask its operator to deploy it with cli_client_id."
        )
    with (
        closing(_storage(folder)) as storage,
        user_app(
            _NAME,
            client_id=client_id,
            service_client_id=fabric.client_id,
            storage=storage,
            login_flow_manager=manager,
        ) as user,
    ):
        yield user


def _storage(folder: Path) -> SQLiteTokenStorage:
    file = _token_file(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if file.exists():
            check_private(file)
    except OSError as error:
        raise ConnectError(f"Your login cannot be kept: {error}") from error
    # The server renews the token in whatever thread has a request at hand.
    return SQLiteTokenStorage(file, connect_params={"check_same_thread": False})


def _token_file(folder: Path) -> Path:
    return folder / "tokens.db"
