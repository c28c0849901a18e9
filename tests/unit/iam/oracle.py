"""Run by the emulator's interpreter: its own evaluator's decision on each case, one a line."""

from __future__ import annotations

import json
import sys
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document  # type: ignore[import-not-found]


def decide(case: dict[str, Any]) -> str:
    context = EvalContext(
        principal_arn=case["arn"],
        principal_type="User",
        principal_account=case["arn"].split(":")[4],
        action=case["action"],
        resource_arn=case["resource"],
        region="us-east-1",
        secure_transport=True,
        principal_keys=case["keys"],
    )
    layers = [[parse_policy_document(document) for document in layer] for layer in case["layers"]]
    return str(evaluate(context, *layers).decision)


for line in sys.stdin:
    sys.stdout.write(f"{decide(json.loads(line))}\n")
