"""A table derived by hand from IAM's documentation: the rule, by its page's title, and what follows from it.

``TOPIC/`` stands for the ARN of the cluster's topics. Every request is alice's, at half a second past noon.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from octopus.iam.document import parse
from octopus.iam.evaluate import decide
from octopus.iam.models import Layer, Principal
from octopus.iam.normalise import normalise

BASE = "arn:aws:kafka:eu-central-1:111122223333"
ALICE = Principal(
    user_name="alice",
    user_id="AIDAALICE",
    arn="arn:aws:iam::111122223333:user/msk-users/alice",
    tags={"team": "blue", "level": "7", "wild": "x*", "id": "AIDAALICE", "verb": "Read"},
    cluster_arn=f"{BASE}:cluster/c/u",
)
NOON_MS = 1795348800500
RULES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("rules_of_iam.json").read_text().replace("TOPIC/", f"{BASE}:topic/c/u/")
)


@pytest.mark.parametrize("case", RULES, ids=[f"{case['page']}: {case['rule']}" for case in RULES])
def test_decision_follows_the_rule(case: dict[str, Any]) -> None:
    layers = tuple(
        layer(case[kind], case.get("version", "2012-10-17"))
        for kind in ("identity", "boundary", "session")
        if kind in case
    )
    decision = decide(layers, action=case["action"], resource=case["resource"], at_ms=NOON_MS)
    assert decision.allowed is case["allowed"]


def layer(statements: list[dict[str, Any]], version: str) -> Layer:
    return normalise([parse({"Version": version, "Statement": statements})], ALICE)
