"""Globus Groups as its own SDK speaks with it, against the running stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import globus_sdk
import httpx
import pytest
from globus_sdk.scopes import GroupsScopes

from octopus.globus.store import IdentityStore
from tests.integration.globus.process import SERVICE_CLIENT_ID, StandIn


@contextmanager
def groups_of(stand_in: StandIn, name: str, *scopes: str) -> Iterator[globus_sdk.GroupsManager]:
    """The groups as this identity sees them; ``service`` for the web service's own client."""
    app = stand_in.service_client() if name == "service" else stand_in.client_of(stand_in.identity(name))
    with app:
        wanted = " ".join(scopes or (str(GroupsScopes.all),))
        token = app.oauth2_client_credentials_tokens(wanted)["access_token"]
        authorizer = globus_sdk.AccessTokenAuthorizer(token)
        with globus_sdk.GroupsClient(base_url=stand_in.url, authorizer=authorizer) as client:
            yield globus_sdk.GroupsManager(client)


def members_of(manager: globus_sdk.GroupsManager, group: str) -> dict[str, tuple[str, str]]:
    answer = manager.client.get_group(group, include="memberships")
    return {each["identity_id"]: (each["role"], each["status"]) for each in answer["memberships"]}


def test_group_is_made_changed_and_deleted_as_the_sdk_does_it(stand_in: StandIn) -> None:
    alice, bob, carol = (stand_in.identity(name).id for name in ("alice", "bob", "carol"))
    with groups_of(stand_in, "alice") as manager:
        group = manager.create_group("beamline", "Who works at the beamline")["id"]
        added = manager.add_member(group, bob)
        manager.invite_member(group, carol, role="manager")
        assert added["add"][0]["identity_id"] == bob
        assert members_of(manager, group) == {
            alice: ("admin", "active"),
            bob: ("member", "active"),
            carol: ("manager", "invited"),
        }

        manager.change_role(group, bob, "manager")
        manager.remove_member(group, carol)
        assert members_of(manager, group) == {
            alice: ("admin", "active"),
            bob: ("manager", "active"),
            carol: ("manager", "removed"),
        }
        assert [each["id"] for each in manager.client.get_my_groups()] == [group]

        manager.client.delete_group(group)
        with pytest.raises(globus_sdk.GroupsAPIError) as gone:
            manager.client.get_group(group)
    assert (gone.value.http_status, gone.value.code) == (404, "NOT_FOUND")


def test_members_are_shown_to_managers_alone_and_the_group_to_members(stand_in: StandIn) -> None:
    bob = stand_in.identity("bob").id
    with groups_of(stand_in, "alice") as alice:
        group = alice.create_group("private", "")["id"]
        for name in ("bob", "service"):
            with (
                groups_of(stand_in, name) as outsider,
                pytest.raises(globus_sdk.GroupsAPIError, match="no group"),
            ):
                outsider.client.get_group(group, include="memberships")

        alice.add_member(group, bob)
        alice.add_member(group, SERVICE_CLIENT_ID, role="manager")
    with groups_of(stand_in, "bob") as member:
        assert "memberships" not in member.client.get_group(group, include="memberships").data
        with pytest.raises(globus_sdk.GroupsAPIError) as refused:
            member.remove_member(group, bob)
    assert (refused.value.http_status, refused.value.code) == (403, "FORBIDDEN")
    with groups_of(stand_in, "service", str(GroupsScopes.view_my_groups_and_memberships)) as fabric:
        assert bob in members_of(fabric, group)
        with pytest.raises(globus_sdk.GroupsAPIError, match="lacks the scope"):
            fabric.remove_member(group, bob)


def test_linked_identity_sees_what_any_of_its_person_sees(stand_in: StandIn) -> None:
    work, home = stand_in.identity("erin"), stand_in.identity("erin-at-home")
    with groups_of(stand_in, "erin") as manager:
        group = manager.create_group("linked", "")["id"]
    with IdentityStore(stand_in.store) as store:
        store.link(work.id, home.id)
    with groups_of(stand_in, "erin-at-home") as linked:
        assert members_of(linked, group) == {work.id: ("admin", "active")}
    with IdentityStore(stand_in.store) as store:
        store.unlink(home.id)
    with (
        groups_of(stand_in, "erin-at-home") as stranger,
        pytest.raises(globus_sdk.GroupsAPIError, match="no group"),
    ):
        stranger.client.get_group(group)


def test_what_cannot_be_done_for_one_member_is_told_and_done_for_the_others(stand_in: StandIn) -> None:
    bob = stand_in.identity("bob").id
    nobody = "00000000-0000-4000-8000-000000000000"
    with groups_of(stand_in, "alice") as manager:
        group = manager.create_group("partly", "")["id"]
        answer = manager.client.batch_membership_action(
            group, globus_sdk.BatchMembershipActions().add_members([nobody, bob]).remove_members([nobody])
        )
    assert [each["identity_id"] for each in answer["add"]] == [bob]
    assert {action: errors[0]["identity_id"] for action, errors in answer["errors"].items()} == {
        "add": nobody,
        "remove": nobody,
    }


def test_call_without_a_token_for_groups_is_refused(stand_in: StandIn) -> None:
    with stand_in.client_of(stand_in.identity("alice")) as client:
        elsewhere = client.oauth2_client_credentials_tokens("openid")["access_token"]
    for headers in ({}, {"Authorization": f"Bearer {elsewhere}"}):
        answer = httpx.get(f"{stand_in.url}v2/groups/my_groups", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("body", [[], {"accept": []}, {"add": {}}, {"add": ["x"]}])
def test_actions_of_another_form_are_refused(stand_in: StandIn, body: object) -> None:
    with groups_of(stand_in, "alice") as manager:
        group = manager.create_group("forms", "")["id"]
        with pytest.raises(globus_sdk.GroupsAPIError, match="takes the actions"):
            manager.client.post(f"/v2/groups/{group}", data=body)  # type: ignore[arg-type]
