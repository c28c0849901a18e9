"""The judge decides as the broker plugin does: both are held to the same list of decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from octopus.iam.evaluate import decide
from octopus.iam.models import Layers

ROOT = Path(__file__).parents[3]
DECISIONS = json.loads(
    (ROOT / "service_src" / "broker" / "src" / "test" / "resources" / "decisions.json").read_text()
)


@pytest.mark.parametrize("case", DECISIONS, ids=[case["because"] for case in DECISIONS])
def test_decision_is_the_one_of_the_list(case: dict[str, Any]) -> None:
    layers = msgspec.convert(case["layers"], Layers)
    decision = decide(layers, action=case["action"], resource=case["resource"], at_ms=case["at_ms"])
    assert decision.allowed is case["allowed"]
