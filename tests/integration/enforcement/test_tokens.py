"""Who gets in with which token: the whole way from a socket to the judge and back, for both mechanisms."""

from __future__ import annotations

import pytest
from botocore.credentials import Credentials

from tests.integration.broker.judge_double import until
from tests.integration.enforcement.connection import Connection
from tests.integration.enforcement.fabric import Fabric, Principal
from tests.integration.enforcement.tokens import (
    Present,
    bearer_tokens,
    payloads,
    present_bearer,
    present_payload,
)
from tests.patience import PATIENCE_S

_NOBODY = Credentials("AKIAIOSFODNN7EXAMPLE", "-")
WRONG_BEARERS = sorted(bearer_tokens(_NOBODY).keys() - {"right"})
WRONG_PAYLOADS = sorted(payloads(_NOBODY).keys() - {"right"})


@pytest.mark.parametrize("wrong", WRONG_BEARERS)
def test_bearer_token_that_is_wrong_is_refused(fabric: Fabric, alice: Principal, wrong: str) -> None:
    assert _refusal(fabric, present_bearer, bearer_tokens(alice.key)[wrong]) != ""


@pytest.mark.parametrize("wrong", WRONG_PAYLOADS)
def test_payload_that_is_wrong_is_refused(fabric: Fabric, alice: Principal, wrong: str) -> None:
    assert _refusal(fabric, present_payload, payloads(alice.key)[wrong]) != ""


def test_token_that_is_right_is_accepted_by_either_mechanism(fabric: Fabric, alice: Principal) -> None:
    """The control of the refusals above, which differ from these in one point each."""
    assert _refusal(fabric, present_bearer, bearer_tokens(alice.key)["right"]) == ""
    assert _refusal(fabric, present_payload, payloads(alice.key)["right"]) == ""


def test_refusal_tells_nothing_of_the_secret_or_the_token(fabric: Fabric, alice: Principal) -> None:
    token = bearer_tokens(alice.key)["altered signature"]
    refusal = _refusal(fabric, present_bearer, token)
    logged = refusal + fabric.node.log_file.read_text() + fabric.node.audit_file.read_text()
    assert token not in logged
    assert str(alice.key.secret_key) not in logged
    assert "X-Amz-Signature" not in logged


def test_revoked_key_gets_nobody_in_and_loses_its_rights_on_connections_that_exist(fabric: Fabric) -> None:
    person = fabric.person("events")
    mine = {"topics": [{"name": f"{person.namespace}.events"}]}
    bearer, payload = bearer_tokens(person.key)["right"], payloads(person.key)["right"]
    with fabric.connect(person) as held:
        assert fabric.codec.errors(held.send("METADATA", mine)) == {}

        fabric.features.keys.revoke(person.subject, person.key.access_key)

        def lost() -> bool:
            try:
                refusals = fabric.codec.errors(held.send("METADATA", mine))
            except ConnectionError:
                # An answer from before the revocation is held back, and its connection ends.
                return True
            return refusals == {f"topics/{person.namespace}.events": "TOPIC_AUTHORIZATION_FAILED"}

        until(lost, within_s=PATIENCE_S)
    assert _refusal(fabric, present_bearer, bearer) != ""
    assert _refusal(fabric, present_payload, payload) != ""


def _refusal(fabric: Fabric, present: Present, token: str) -> str:
    """What the broker says; without a verdict it is asked again, as clients do."""

    def verdict() -> tuple[str] | None:
        try:
            with Connection(fabric.node, fabric.codec) as connection:
                return (present(connection, token),)
        except ConnectionError:
            return None

    heard = until(verdict, within_s=PATIENCE_S)
    assert heard is not None
    return heard[0]
