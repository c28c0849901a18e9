"""Every rule, whoever installs; which of them one installation has, its settings say."""

from __future__ import annotations

from stacks.monitoring.rule import EventRule, Rule
from stacks.monitoring.rules import account, api, brokers, heartbeat, service
from stacks.monitoring.rules.events import EVENTS
from stacks.settings import Settings

RULES = (*heartbeat.RULES, *api.RULES, *service.RULES, *brokers.RULES, *account.RULES)
"""In the order in which an operator looks."""
BY_ID = {rule.id: rule for rule in RULES}
IDS = (*(rule.id for rule in RULES), *(rule.id for rule in EVENTS))
"""Sections of ``docs/runbooks.md``: of alarms, then of events."""


def alarms_of(settings: Settings) -> list[Rule]:
    """Return the rules of the alarms of one installation."""
    return [rule for rule in RULES if rule.holds(settings)]


def events_of(settings: Settings) -> list[EventRule]:
    """Return the rules of the events that one installation is told of."""
    return [rule for rule in EVENTS if rule.holds(settings)]
