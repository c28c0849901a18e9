"""The gateway, its authorizer, and the web ACL before it."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.cost import volumes
from stacks.cost.assumptions import AUTHORIZER_GB_SECONDS
from stacks.cost.item import Item
from stacks.cost.load import Load
from stacks.settings import Settings

PART = "gateway"
WAF_RULES = 2
"""Requests of one address, and AWS's common rule set."""
_MILLION = 1e6


def items(settings: Settings, load: Load) -> Iterator[Item]:
    """Yield what a month of it takes. The link into the network has no price."""
    requests, calls = volumes.requests(load), volumes.authorizer_calls(settings, load)
    yield Item(PART, "requests", requests / _MILLION, "gateway-requests")
    yield Item(PART, "calls of the authorizer", calls / _MILLION, "function-requests")
    yield Item(PART, "time of the authorizer", calls * AUTHORIZER_GB_SECONDS, "function-time")
    if settings.waf:
        yield Item(PART, "web ACL", 1, "waf-acl")
        yield Item(PART, "rules of the web ACL", WAF_RULES, "waf-rule")
        yield Item(PART, "requests at the web ACL", requests / _MILLION, "waf-requests")
