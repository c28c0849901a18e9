from __future__ import annotations

from typing import Any

import pytest
from globus_sdk import AuthAPIError, NetworkError
from globus_sdk.authorizers import RenewingAuthorizer

from octopus.connect.token import LOGIN_ENDED, RENEWED_AGAIN_S, FabricToken
from octopus.errors import NotAuthenticatedError, OctopusError, UnavailableError


class Authorizer(RenewingAuthorizer[Any]):
    """Of globus-sdk, whose Globus Auth gives out numbered tokens, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.fault: Exception | None = None
        super().__init__()

    def _get_token_response(self) -> Any:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return self.asked

    def _extract_token_data(self, res: Any) -> dict[str, Any]:
        return {"access_token": f"token-{res}", "expires_at_seconds": 1 << 40}


class _RefusalError(AuthAPIError):
    def __init__(self, status: int) -> None:
        self.http_status = status


@pytest.fixture
def clock() -> list[float]:
    """Now."""
    return [0.0]


@pytest.fixture
def authorizer() -> Authorizer:
    return Authorizer()


@pytest.fixture
def token(authorizer: Authorizer, clock: list[float]) -> FabricToken:
    return FabricToken(authorizer, clock=lambda: clock[0])


def test_refused_token_is_renewed_once_in_a_while(token: FabricToken, clock: list[float]) -> None:
    first = token.header()
    token.refused(first)
    second = token.header()
    assert (first, second) == ("Bearer token-1", "Bearer token-2")

    token.refused(first)  # by a reply that was under way
    token.refused(second)  # the fabric takes none: Globus Auth is not asked for one with every call
    assert token.header() == second
    clock[0] += RENEWED_AGAIN_S
    token.refused(second)
    assert token.header() == "Bearer token-3"


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        (_RefusalError(400), NotAuthenticatedError),
        (_RefusalError(401), NotAuthenticatedError),
        (_RefusalError(503), UnavailableError),
        (NetworkError("no route", OSError()), UnavailableError),
    ],
)
def test_token_that_is_not_renewed_is_a_refusal_of_the_right_kind(
    token: FabricToken, authorizer: Authorizer, fault: Exception, refusal: type[OctopusError]
) -> None:
    token.refused(token.header())
    authorizer.fault = fault
    with pytest.raises(refusal) as error:
        token.header()
    assert (error.value.message == LOGIN_ENDED) == (refusal is NotAuthenticatedError)


def test_globus_auth_that_is_away_is_not_asked_by_every_caller(
    token: FabricToken, authorizer: Authorizer, clock: list[float]
) -> None:
    token.refused(token.header())
    authorizer.fault = NetworkError("no route", OSError())
    for _ in range(3):
        with pytest.raises(UnavailableError):
            token.header()
    assert authorizer.asked == 2

    authorizer.fault = None
    clock[0] += 5
    assert token.header() == "Bearer token-3"
