"""Three evaluators on random policies: the judge's, the broker plugin's, and the emulator's own.

Left out is what the two mean to do differently: variables (the emulator substitutes few), keys that only the
request tells (ours fails closed) and ``*`` across the colons of an ARN condition.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from octopus.iam.document import parse
from octopus.iam.evaluate import decide
from octopus.iam.models import Principal
from octopus.iam.normalise import normalise

ROOT = Path(__file__).parents[3]
BROKER = ROOT / "service_src" / "broker" / "target"
JAVA = [
    "java",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-cp",
    f"{BROKER / 'test-classes'}:{BROKER / 'classes'}:{BROKER / 'kafka' / 'libs'}/*",
    "org.octopus.broker.DecideMany",
]
PRINCIPAL = Principal(
    user_name="alice",
    user_id="AIDAALICE",
    arn="arn:aws:iam::000000000000:user/msk-users/alice",
    tags={"team": "blue", "level": "7"},
    cluster_arn="arn:aws:kafka:us-east-1:000000000000:cluster/c/u",
)
KEYS = {
    "aws:username": "alice",
    "aws:userid": "AIDAALICE",
    "aws:principaltag/team": "blue",
    "aws:principaltag/level": "7",
}
BASE = "arn:aws:kafka:us-east-1:000000000000"
ACTIONS = [
    "Connect",
    "ReadData",
    "WriteData",
    "DescribeTopic",
    "DescribeTopicDynamicConfiguration",
    "AlterGroup",
]
ACTION_PATTERNS = [
    *(f"kafka-cluster:{action}" for action in ACTIONS),
    "kafka-cluster:*",
    "kafka-cluster:*Topic",
    "kafka-cluster:*data",
    "KAFKA-CLUSTER:Describe*",
    "kafka-cluster:?eadData",
    "*",
    "s3:*",
]
NAMES = [
    "c",
    "c/u",
    "c/u/ns-1.a",
    "c/u/ns-1.b",
    "c/u/ns-2.a",
    "c/u/x/ns-1.a",
    "c/u/NS-1.a",
    "c/u/ns-1_a",
    "c\\u",
]
RESOURCES = [f"{BASE}:{kind}/{name}" for kind in ("cluster", "topic", "group") for name in NAMES]
RESOURCE_PATTERNS = [
    *RESOURCES,
    "*",
    f"{BASE}:*",
    f"{BASE}:topic/*",
    f"{BASE}:topic/c/u/ns-1.*",
    f"{BASE}:topic/c/*/ns-1.*",
    f"{BASE}:*/c/u/ns-?.a",
    f"{BASE}:topic/c/u/ns-1?a",
    f"{BASE}:group/c/u/*a",
    "arn:aws:kafka:*:*:*/c/u/ns-1.a",
]
TEXT_KEYS = [
    "aws:username",
    "AWS:UserId",
    "aws:PrincipalTag/team",
    "aws:principaltag/absent",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
]
TEXTS = [
    "alice",
    "Alice",
    "al*",
    "?lice",
    "AIDAALICE",
    "blue",
    "BLUE",
    "b*",
    "User",
    "us-east-1",
    "0*",
    "*",
    "",
]
ARNS = [
    "arn:aws:iam::000000000000:user/msk-users/alice",
    "arn:aws:iam::000000000000:user/*",
    "arn:aws:iam::*:user/msk-users/?lice",
    "arn:aws:iam::000000000000:role/*",
    "arn:*:iam::111111111111:user/*",
]


def test_three_evaluators_agree() -> None:
    compare(random.Random(20261122), 4000)  # noqa: S311


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_three_evaluators_agree_in_120_000_cases(seed: int) -> None:
    compare(random.Random(seed), 10_000)  # noqa: S311


def compare(chance: random.Random, number: int) -> None:
    cases = [random_case(chance) for _ in range(number)]
    decided = [ours(case) for case in cases]
    oracle = answers([ROOT / ".venv-emulator/bin/python", Path(__file__).with_name("oracle.py")], cases)
    plugin = answers(JAVA, [wire for _, wire in decided])
    differing = [
        {"case": case, "judge": judge, "emulator": emulator, "plugin": java}
        for case, (judge, _), emulator, java in zip(cases, decided, oracle, plugin, strict=True)
        if judge != emulator or java != str(judge == "Allow").lower()
    ]
    assert not differing, (
        f"{len(differing)} of {number} differ; the first: {json.dumps(differing[0], indent=1)}"
    )
    # A comparison of nothing but refusals would prove little.
    assert {said: oracle.count(said) > number // 20 for said in oracle} == dict.fromkeys(
        ("Allow", "Deny", "ImplicitDeny"), True
    )


def answers(command: Sequence[str | Path], cases: list[dict[str, Any]]) -> list[str]:
    """What a program says to each case, one a line."""
    done = subprocess.run(
        command,
        input="\n".join(map(json.dumps, cases)) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def ours(case: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The judge's decision, and what it would have handed to the plugin for its own."""
    layers = tuple(normalise([parse(document) for document in layer], PRINCIPAL) for layer in case["layers"])
    request = {"action": case["action"], "resource": case["resource"], "at_ms": int(time.time() * 1000)}
    decision = decide(layers, **request)
    said = "Allow" if decision.allowed else "Deny" if decision.rule is not None else "ImplicitDeny"
    return said, {"layers": msgspec.to_builtins(layers), **request}


def random_case(chance: random.Random) -> dict[str, Any]:
    layers = [
        [random_document(chance) for _ in range(chance.randint(1, 3))]
        for _ in range(chance.choice((1, 2, 3)))
    ]
    return {
        "arn": PRINCIPAL.arn,
        "keys": KEYS,
        "action": f"kafka-cluster:{chance.choice(ACTIONS)}",
        "resource": chance.choice(RESOURCES),
        "layers": layers,
    }


def random_document(chance: random.Random) -> dict[str, Any]:
    statements = [random_statement(chance) for _ in range(chance.randint(1, 4))]
    return {
        "Version": chance.choice(("2012-10-17", "2008-10-17")),
        "Statement": statements[0] if len(statements) == 1 and chance.random() < 0.5 else statements,
    }


def random_statement(chance: random.Random) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow" if chance.random() < 0.75 else "Deny",
        "Action" if chance.random() < 0.8 else "NotAction": one_or_more(chance, ACTION_PATTERNS),
        "Resource" if chance.random() < 0.8 else "NotResource": one_or_more(chance, RESOURCE_PATTERNS),
    }
    if chance.random() < 0.4:
        statement["Condition"] = dict(random_condition(chance) for _ in range(chance.randint(1, 2)))
    return statement


def one_or_more(chance: random.Random, of: list[str]) -> str | list[str]:
    return chance.choice(of) if chance.random() < 0.5 else chance.sample(of, chance.randint(1, 3))


def random_condition(chance: random.Random) -> tuple[str, dict[str, Any]]:
    kind = chance.choice(("text", "arn", "number", "date", "bool", "null"))
    if kind == "bool":
        return "Bool", {"aws:SecureTransport": chance.choice(("true", "false"))}
    if kind == "null":
        return "Null", {chance.choice(TEXT_KEYS): chance.choice(("true", "false"))}
    if kind == "date":
        operator = f"Date{chance.choice(('LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'))}"
        moments = ["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2002-03-04"]
        key = chance.choice(("aws:CurrentTime", "aws:EpochTime"))
        return operator, {key: one_or_more(chance, moments)}
    if kind == "arn":
        return prefixed(chance, ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals")), {
            "aws:PrincipalArn": one_or_more(chance, ARNS)
        }
    if kind == "number":
        names = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
        key = chance.choice(("aws:PrincipalTag/level", "aws:PrincipalTag/absent"))
        return prefixed(chance, tuple(f"Numeric{name}" for name in names)), {
            key: one_or_more(chance, ["6", "7", "7.0", "8"])
        }
    names = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
    return prefixed(chance, tuple(f"String{name}" for name in names)), {
        chance.choice(TEXT_KEYS): one_or_more(chance, TEXTS)
    }


def prefixed(chance: random.Random, names: tuple[str, ...]) -> str:
    before = chance.choice(("", "", "", "ForAllValues:", "ForAnyValue:"))
    return before + chance.choice(names) + chance.choice(("", "", "IfExists"))
