"""Checks of a caller's way through the web service: clock, login, account, key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx
from globus_sdk import GlobusError

from octopus.doctor.caller import ANSWER_S, Caller
from octopus.doctor.clock import ahead_of, judge_clock
from octopus.doctor.findings import Finding, NotKnownError, failed, ok
from octopus.errors import OctopusError
from octopus.fabric.errors import FabricError

_SUSPENDED = "is suspended"
"""In the service's refusal, by which the owner of an account learns of it."""


def check_service(caller: Caller) -> Finding:
    """Whether the web service answers, and all that it depends on."""
    try:
        reply = httpx.get(f"{caller.url}/health/ready", timeout=ANSWER_S)
        checks: Mapping[str, bool] = reply.json()["checks"]
    except httpx.ConnectError as error:
        return failed(
            f"nothing answers at {caller.url} ({error})",
            "correct the address (--url); on this machine see `octopus status` and start with `octopus up`",
        )
    except httpx.HTTPError as error:
        return failed(
            f"{caller.url} did not answer ({type(error).__name__})",
            "try again; if it stays so, the operator finds the cause in the log of the service",
        )
    except (ValueError, KeyError, TypeError):
        return failed(
            f"{caller.url} answers, but not as Octopus does (HTTP {reply.status_code})",
            "something else is at this address: correct it with --url",
        )
    away = [name for name, answers in checks.items() if not answers]
    if away:
        return failed(
            f"the service cannot do its work: {', '.join(away)} does not answer it",
            "wait and try again, or tell the operator; on this machine see `octopus status`",
        )
    return ok(f"{caller.url} and what it depends on: {', '.join(checks)}")


def check_clock(caller: Caller) -> Finding:
    """Whether this machine's clock is near enough to the service's."""
    return judge_clock(ahead_of(f"{caller.url}/health/live"), "the service's")


def check_token(caller: Caller) -> Finding:
    """Whether the Globus login gives a token that the service takes."""
    try:
        subject = caller.session.subject
    except (OctopusError, FabricError) as error:
        return failed(
            str(error), "log in with `octopus login`, or name an identity of the stand-in with --as"
        )
    except (GlobusError, httpx.HTTPError) as error:
        return failed(
            f"Globus Auth gives no token: {error}",
            "log in again (`octopus logout`, `octopus login`); DIASPORA_SDK_CLIENT_ID and _SECRET, if set, "
            "must be of the Globus Auth that this fabric uses",
        )
    reply = caller.get("keys")
    message = _message(reply)
    if reply.status_code == HTTPStatus.UNAUTHORIZED:
        return failed(
            f"the service does not take the token: {message}",
            "log in again: `octopus logout`, then `octopus login`",
        )
    if reply.status_code == HTTPStatus.FORBIDDEN and _SUSPENDED not in message:
        return failed(
            f"the token is good, but not for this: {message}",
            "consent to the scope: `octopus logout`, then `octopus login`; programs ask for it by its name",
        )
    if reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NotKnownError(f"the service could not tell: {message}")
    return ok(f"valid, with the service's scope, for {subject}")


def check_account(caller: Caller) -> Finding:
    """Whether there is an account, and it may be used."""
    reply = caller.get("namespace")
    if reply.status_code == HTTPStatus.FORBIDDEN:
        return failed(
            _message(reply), "only the fabric's operator can lift that; what you own is kept meanwhile"
        )
    if not reply.is_success:
        raise NotKnownError(f"the service could not tell: {_message(reply)}")
    namespaces = reply.json()["namespaces"]
    if not namespaces:
        return failed("you have no account yet", "make it with your first key: `octopus key create`")
    return ok(f"active, with namespace {', '.join(sorted(namespaces))}")


def check_key(caller: Caller) -> Finding:
    """Whether the key that clients sign with exists, is active, and is the one that the service knows."""
    if caller.shell_key is not None:
        return _check_shell_key(caller)
    if caller.has_sessions_only:
        session = caller.key
        return ok(f"{session['access_key']}, a session until {session['expiration']}: there are no keys here")
    usable = [key for key in caller.keys if _fault(key) is None and key["kind"] != "session"]
    newest = next((key for key in caller.keys if key["kind"] != "session"), None)
    if newest is None:
        return failed("you have no key yet", "make one: `octopus key create`")
    key = caller.key
    if key["fresh"]:
        why = _fault(newest) or "not to be decrypted any more, or gone from IAM"
        return failed(
            f"key {newest['access_key']} was {why}, so the service has just issued {key['access_key']}",
            "give the new key to your programs (`octopus key create` prints it); examine again then",
        )
    return ok(f"{key['access_key']} is active ({len(usable)} of your keys are)")


def _check_shell_key(caller: Caller) -> Finding:
    """Of the key in this shell's environment, which is what clients find first."""
    shell = caller.shell_key
    assert shell is not None  # noqa: S101 - the only call is behind this question
    given = shell.access_key
    known = {key["access_key"]: key for key in caller.keys}
    if given not in known:
        others = ", ".join(known) or "none"
        return failed(
            f"key {given}, which this shell's AWS variables name, is none of yours at this fabric ({others})",
            "it was revoked, or is another account's: `octopus key create` prints the key to put into "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; unset AWS_PROFILE",
        )
    fault = _fault(known[given])
    if fault is not None:
        return failed(
            f"key {given}, which this shell's AWS variables name, is {fault}",
            "`octopus key create` prints one that works; put it into the shell in its place",
        )
    if (
        shell.token is None
        and not caller.has_sessions_only
        and caller.key["access_key"] == given
        and caller.key["secret_key"] != shell.secret_key
    ):
        return failed(
            f"the secret of {given} in this shell is not the one that belongs to it",
            "copy AWS_SECRET_ACCESS_KEY again, all of it: `octopus key create` prints it",
        )
    return ok(f"{given}, from this shell's AWS variables, is active")


def _fault(key: Mapping[str, Any]) -> str | None:
    """Why a listed key does not work, or None."""
    expires = key.get("expires")
    if expires is not None and datetime.fromisoformat(expires) <= datetime.now(UTC):
        return f"expired since {expires}"
    return None if key["state"] == "active" else str(key["state"])


def _message(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {reply.status_code} without a message"
