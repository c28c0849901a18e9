"""The service's check of tokens against a running Globus Auth, which the stand-in is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import globus_sdk
import pytest

from octopus.errors import ForbiddenError, InvalidError, NotAuthenticatedError, UnavailableError
from octopus.globus.scopes import VIEW_IDENTITY_SET
from octopus.globus.store import IdentityStore
from octopus.identity.clients import GlobusClients
from octopus.identity.models import Caller
from octopus.identity.people import People
from octopus.identity.service import Authenticator
from tests.integration.globus.process import ACTION_ALL, SERVICE_CLIENT_ID, SERVICE_SECRET, StandIn


@contextmanager
def authenticator_of(stand_in: StandIn, *, secret: str = SERVICE_SECRET) -> Iterator[Authenticator]:
    authenticator = Authenticator(client_id=SERVICE_CLIENT_ID, secret=lambda: secret, auth_url=stand_in.url)
    try:
        yield authenticator
    finally:
        authenticator.close()


def token_of(stand_in: StandIn, name: str, scope: str = ACTION_ALL) -> str:
    with stand_in.client_of(stand_in.identity(name)) as client:
        return str(client.oauth2_client_credentials_tokens(scope)["access_token"])


def test_token_of_an_identity_names_its_caller(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    with authenticator_of(stand_in) as authenticator:
        caller = authenticator.authenticate(f"Bearer {token_of(stand_in, 'alice')}")
        authenticator.check_subject(caller, alice.id.upper())

    assert caller == Caller(
        subject=alice.id, username=alice.username, expires=caller.expires, scopes=frozenset({ACTION_ALL})
    )
    assert caller.expires == pytest.approx(time.time() + 48 * 3600, abs=30)


def test_linked_identities_come_with_the_caller_until_the_link_is_gone(stand_in: StandIn) -> None:
    frank, at_home = stand_in.identity("frank"), stand_in.identity("frank-at-home")
    with IdentityStore(stand_in.store) as store:
        store.link(at_home.id, frank.id)
    with authenticator_of(stand_in) as authenticator:
        caller = authenticator.authenticate(f"Bearer {token_of(stand_in, 'frank')}")
        assert caller.subject == frank.id
        assert caller.linked == {at_home.id}
        with IdentityStore(stand_in.store) as store:
            store.unlink(at_home.id)
        caller = authenticator.authenticate(f"Bearer {token_of(stand_in, 'frank')}")
        assert caller.linked == frozenset()


def test_people_are_found_by_name_at_the_stand_in(stand_in: StandIn) -> None:
    alice = stand_in.identity("alice")
    globus = GlobusClients(
        client_id=SERVICE_CLIENT_ID,
        secret=lambda: SERVICE_SECRET,
        auth_url=stand_in.url,
        groups_url=stand_in.url,
    )
    people = People(globus)
    assert people.resolve(alice.username).id == people.resolve(alice.id).id == alice.id
    with pytest.raises(InvalidError, match="knows no identity"):
        people.resolve("nobody@stand-in.octopus")
    globus.close()


def test_revoked_token_and_token_for_another_server_are_refused(stand_in: StandIn) -> None:
    revoked = token_of(stand_in, "alice")
    with stand_in.client_of(stand_in.identity("alice")) as client:
        client.oauth2_revoke_token(revoked)
    with authenticator_of(stand_in) as authenticator:
        for token in (revoked, token_of(stand_in, "alice", "openid")):
            with pytest.raises(NotAuthenticatedError, match="inactive"):
                authenticator.authenticate(f"Bearer {token}")


def test_token_without_the_service_scope_is_forbidden(stand_in: StandIn) -> None:
    # The service's own token for Globus Auth has the service in its audience, yet not the scope.
    with stand_in.service_client() as service:
        token = service.oauth2_client_credentials_tokens("openid")["access_token"]
    with authenticator_of(stand_in) as authenticator, pytest.raises(ForbiddenError, match="action_all"):
        authenticator.authenticate(f"Bearer {token}")


def test_wrong_secret_of_the_service_is_no_fault_of_the_caller(stand_in: StandIn) -> None:
    token = token_of(stand_in, "alice")
    with (
        authenticator_of(stand_in, secret="wrong") as authenticator,
        pytest.raises(UnavailableError) as error,
    ):
        authenticator.authenticate(f"Bearer {token}")
    assert token not in error.value.message


def test_known_caller_outlives_an_outage_and_an_unknown_one_gets_no_access(
    tmp_path: Path, promised: Callable[[float, float], None]
) -> None:
    stand_in = StandIn(tmp_path)
    stand_in.start()
    try:
        known, unknown = token_of(stand_in, "alice"), token_of(stand_in, "bob")
        with authenticator_of(stand_in) as authenticator:
            caller = authenticator.authenticate(f"Bearer {known}")
            stand_in.stop()

            assert authenticator.authenticate(f"Bearer {known}") == caller
            began = time.monotonic()
            with pytest.raises(UnavailableError):
                authenticator.authenticate(f"Bearer {unknown}")
            promised(time.monotonic() - began, 8)

            stand_in.start()
            assert authenticator.authenticate(f"Bearer {unknown}").username == "bob@stand-in.octopus"
    finally:
        stand_in.stop()


def test_userinfo_shows_linked_identities_to_who_may_see_them(stand_in: StandIn) -> None:
    grace, at_home = stand_in.identity("grace"), stand_in.identity("grace-at-home")
    with IdentityStore(stand_in.store) as store:
        store.link(grace.id, at_home.id)
    told = []
    for scope in ("openid profile", f"openid {VIEW_IDENTITY_SET}"):
        authorizer = globus_sdk.AccessTokenAuthorizer(token_of(stand_in, "grace", scope))
        with globus_sdk.AuthClient(base_url=stand_in.url, authorizer=authorizer) as client:
            told.append([each["sub"] for each in client.userinfo().data.get("identity_set", [])])
    assert told == [[], [grace.id, at_home.id]]
