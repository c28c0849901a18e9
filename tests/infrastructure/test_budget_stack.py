"""The budget: what it counts, when it tells, and whom."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from stacks.settings import Settings, SettingsError
from stacks.settings.monitoring import BUDGET_REGIONS
from tests.infrastructure.conftest import CAMPUS, Templates, synthesize
from tests.infrastructure.policies import listed


@pytest.fixture(scope="module")
def with_budget() -> Templates:
    """The campus with a budget of 700 USD a month."""
    return synthesize({**CAMPUS, "budget_usd": "700"})


def test_budget_is_of_a_month_of_the_whole_account(with_budget: Templates) -> None:
    (made,) = with_budget["octopus-anl-budget"]["Resources"].values()
    assert made["Type"] == "AWS::Budgets::Budget"
    assert made["Properties"]["Budget"] == {
        "BudgetName": "octopus-anl-month",
        "BudgetType": "COST",
        "BudgetLimit": {"Amount": 700, "Unit": "USD"},
        "TimeUnit": "MONTHLY",
    }


def test_budget_tells_of_what_is_spent_and_of_a_forecast_above_it(with_budget: Templates) -> None:
    (made,) = with_budget["octopus-anl-budget"]["Resources"].values()
    letters = [
        (*(each["Notification"][key] for key in ("NotificationType", "ComparisonOperator", "Threshold")),)
        for each in made["Properties"]["NotificationsWithSubscribers"]
    ]
    assert letters == [
        *(("ACTUAL", "GREATER_THAN", percent) for percent in (50, 80, 100)),
        ("FORECASTED", "GREATER_THAN", 100),
    ]
    # Of one budget, says AWS.
    assert len(letters) <= 5
    foundation = with_budget["octopus-anl-foundation"]
    for each in made["Properties"]["NotificationsWithSubscribers"]:
        assert each["Notification"]["ThresholdType"] == "PERCENTAGE"
        (hearer,) = each["Subscribers"]
        assert hearer["SubscriptionType"] == "SNS"
        output = hearer["Address"]["Fn::GetStackOutput"]
        assert output["StackName"] == "octopus-anl-foundation"
        assert foundation["Outputs"][output["OutputName"]]["Value"] == {"Ref": _topic(foundation)}


def _topic(foundation: dict[str, dict[str, dict[str, str]]]) -> str:
    (name,) = (name for name, each in foundation["Resources"].items() if each["Type"] == "AWS::SNS::Topic")
    return name


def test_topic_and_its_key_let_budgets_of_this_account_publish(with_budget: Templates) -> None:
    resources = with_budget["octopus-anl-foundation"]["Resources"].values()
    allowed = [
        (action, statement["Condition"])
        for resource in resources
        if resource["Type"] in ("AWS::SNS::TopicPolicy", "AWS::KMS::Key")
        for policy in ("PolicyDocument", "KeyPolicy")
        for statement in resource["Properties"].get(policy, {"Statement": []})["Statement"]
        if statement["Effect"] == "Allow"
        and "budgets.amazonaws.com" in listed(statement["Principal"].get("Service", []))
        for action in listed(statement["Action"])
    ]
    ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert sorted(allowed, key=lambda each: each[0]) == [
        ("kms:Decrypt", ours),
        ("kms:GenerateDataKey*", ours),
        ("sns:Publish", ours),
    ]


def test_without_a_budget_nothing_of_it_is_made(campus: Templates, with_budget: Templates) -> None:
    assert set(with_budget) - set(campus) == {"octopus-anl-budget"}
    assert "Budget" not in json.dumps({name: each["Resources"] for name, each in campus.items()})


def test_regions_with_budgets_are_those_whose_cloudformation_knows_them() -> None:
    folder = resources.files("cfnlint") / "data" / "schemas" / "providers"
    knowing = {
        path.name.removesuffix(".json")
        for path in folder.iterdir()
        if path.name.endswith(".json") and '"AWS::Budgets::Budget"' in path.read_text()
    }
    # Of those, the ones of networks that no civil institution reaches.
    secret = {name for name in knowing if "-iso" in name}
    assert knowing - secret == BUDGET_REGIONS


def test_budget_is_refused_where_cloudformation_makes_none() -> None:
    with pytest.raises(SettingsError, match=r"^budget_usd must be 0 in eu-north-1, where CloudFormation"):
        Settings.from_context({**CAMPUS, "region": "eu-north-1", "budget_usd": "100"})
    assert Settings.from_context({**CAMPUS, "region": "eu-north-1"}).budget_usd == 0
