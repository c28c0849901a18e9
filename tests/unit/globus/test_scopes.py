from __future__ import annotations

import pytest

from octopus.globus.scopes import Scopes
from octopus.identity.scopes import action_all

SERVICE = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"


def test_scopes_are_split_by_resource_server_without_repeats() -> None:
    split = Scopes(service_client_id=SERVICE, registered=list).split(
        f"{action_all(SERVICE)} openid email  openid"
    )

    assert split == ({SERVICE: [action_all(SERVICE)], "auth.globus.org": ["openid", "email"]}, False)


def test_offline_access_asks_for_refresh_tokens_and_is_no_scope() -> None:
    assert Scopes(service_client_id=SERVICE, registered=list).split("offline_access openid") == (
        {"auth.globus.org": ["openid"]},
        True,
    )


@pytest.mark.parametrize(
    "requested",
    ["transfer", f"{action_all(SERVICE)}[openid]", f"*{action_all(SERVICE)}", action_all("other")],
)
def test_unknown_scope_is_named(requested: str) -> None:
    with pytest.raises(ValueError, match="unknown scope") as refused:
        Scopes(service_client_id=SERVICE, registered=list).split(f"openid {requested}")
    assert repr(requested) in str(refused.value)


@pytest.mark.parametrize("requested", ["", " ", "offline_access"])
def test_no_scope_is_refused(requested: str) -> None:
    with pytest.raises(ValueError, match="no scope"):
        Scopes(service_client_id=SERVICE, registered=list).split(requested)
