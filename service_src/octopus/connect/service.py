"""`octopus connect`, from the address to the last request."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

from starlette.types import ASGIApp

from octopus.connect.callers import OwnCallers
from octopus.connect.confirmation import Confirmation
from octopus.connect.errors import ConnectError
from octopus.connect.fabric import Fabric, find_fabric
from octopus.connect.local_auth import HOST, LocalAuth
from octopus.connect.login import Session, log_out, logged_in
from octopus.connect.proxy import Proxy, open_client
from octopus.connect.server import bind, open_all, serve
from octopus.kafka.client import TOKEN_REGION

SDK_PORT = 8000
"""The only one that the published SDK knows on this machine."""

Exports = Mapping[str, str | None]
"""Environment variables; None for one that must not be set."""


def serve_fabric(
    address: str,
    *,
    port: int,
    auth_port: int,
    browser: bool,
    client_credentials: bool,
    tell: Callable[[str], None],
    export: Callable[[Exports], None],
) -> None:
    """Log in to a fabric and serve it on this machine's loopback until the process is told to end.

    Args:
        address: of the fabric.
        port: where the fabric is served.
        auth_port: where programs log in.
        browser: whether to log in with a browser that is opened here.
        client_credentials: whether to export what logs the SDK in without a page.
        tell: says something to the person.
        export: hands over what the SDK's environment needs, once it can be used.

    Raises:
        ConnectError: it cannot be done; the message says what to do.
    """
    _require_another_shell(auth_port)
    with ExitStack() as held:
        options = {"--port": bind(port, option="--port")}
        options["--auth-port"] = bind(auth_port, option="--auth-port", addresses=[HOST])
        sockets = [held.enter_context(each) for listeners in options.values() for each in listeners]
        fabric = find_fabric(address)
        session = held.enter_context(logged_in(fabric, folder_of(fabric), browser=browser))
        home = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="octopus-connect-")))
        auth = LocalAuth(session.person, fabric_url=fabric.url, store=home / "logins.sqlite", port=auth_port)
        held.enter_context(closing(auth))
        open_all(options)
        tell(f"Logged in to {fabric.url} as {session.person.username} ({session.person.subject}).")
        for advice in _advice(fabric, port):
            tell(advice)
        tell(f"Until Ctrl-C it is served at http://localhost:{port}, and programs log in at {auth.url}")
        tell("For the shell of the program that uses it:\n")
        export(_exports(auth, home / "sdk", client_credentials=client_credentials))
        confirmation = Confirmation(lambda code: tell(f"\nCode for the next program that logs in: {code}"))
        serve(sockets, _apps(fabric, session, auth, confirmation, port=port, auth_port=auth_port))


def forget_login(address: str) -> bool:
    """Revoke and forget the login to a fabric; returns whether there was one.

    Raises:
        ConnectError: the fabric does not say where it was.
    """
    fabric = find_fabric(address)
    return log_out(fabric, folder_of(fabric))


def folder_of(fabric: Fabric) -> Path:
    """What is kept of a fabric: in ``OCTOPUS_HOME``, else in ``~/.octopus``."""
    home = Path(os.environ.get("OCTOPUS_HOME") or "~/.octopus").expanduser()
    return home / "connect" / fabric.folder_name


@asynccontextmanager
async def _apps(
    fabric: Fabric,
    session: Session,
    auth: LocalAuth,
    confirmation: Confirmation,
    *,
    port: int,
    auth_port: int,
) -> AsyncIterator[Mapping[int, ASGIApp]]:
    async with open_client() as client:
        proxy = Proxy(
            client,
            fabric_url=fabric.url,
            person=session.person,
            token=session.token,
            is_let_in=auth.is_token,
            callers=OwnCallers(port=port),
        )
        yield {port: proxy, auth_port: auth.app(confirmation)}


def _exports(auth: LocalAuth, user_dir: Path, *, client_credentials: bool) -> Exports:
    """What the SDK and globus-sdk document, for a program that is to use this fabric."""
    client = auth.identity if client_credentials else None
    return {
        "DIASPORA_SDK_ENVIRONMENT": "local",
        "GLOBUS_SDK_SERVICE_URL_AUTH": auth.url,
        "DIASPORA_USER_DIR": str(user_dir),
        "DIASPORA_SDK_CLIENT_ID": client.id if client else None,
        "DIASPORA_SDK_CLIENT_SECRET": client.secret if client else None,
        "DIASPORA_SCOPE": None,
    }


def _advice(fabric: Fabric, port: int) -> list[str]:
    """What of the published SDK will not work."""
    advice = []
    if port != SDK_PORT:
        advice.append(f"The published SDK looks at port {SDK_PORT} alone: at {port} it finds nothing.")
    if fabric.about.credentials == "session":
        advice.append(
            "This fabric has no keys that last, and the SDK signs with no others: its KafkaProducer and "
            "KafkaConsumer do not work here, its other calls do."
        )
    elif TOKEN_REGION not in fabric.about.kafka_regions:
        advice.append(
            f"This fabric's Kafka takes signatures for {' and '.join(fabric.about.kafka_regions)} alone, and "
            f"the SDK signs for {TOKEN_REGION}: its KafkaProducer and KafkaConsumer do not work here, its "
            "other calls do."
        )
    return advice


def _require_another_shell(auth_port: int) -> None:
    if os.environ.get("GLOBUS_SDK_SERVICE_URL_AUTH", "").rstrip("/") == f"http://{HOST}:{auth_port}":
        raise ConnectError(
            "This shell is set up for programs that use `octopus connect` (GLOBUS_SDK_SERVICE_URL_AUTH is "
            "its own address): start it in another shell."
        )
