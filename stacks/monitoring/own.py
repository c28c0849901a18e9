"""Metrics of our own: which of the catalogue reach CloudWatch from one installation."""

from __future__ import annotations

import tomllib
from pathlib import Path

from stacks.settings import Settings

CATALOGUE = Path(__file__).parents[2] / "service_src" / "octopus" / "metrics" / "catalogue.toml"
_OF_USERS = {"UsersOfCeiling", "ManagedPoliciesOfCeiling"}
_OVER_HTTPS = {"FreshnessSeconds", "HttpsAnswers", "HttpsSeconds"}


def emitted(settings: Settings) -> frozenset[str]:
    """Return their names.

    Processes off AWS write to CloudWatch what alarms stand on everywhere; the rest of theirs is Prometheus'.
    """
    # The judge and the plugin run beside brokers of somebody's own, and so off AWS.
    components = ["account", "authorizer", "heartbeat", *(["service"] if settings.in_fargate else [])]
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    found = {name for component in components for name in catalogue[component]}
    if settings.credentials == "session":
        found -= _OF_USERS
    if not settings.heartbeat_over_https:
        found -= _OVER_HTTPS
        if settings.in_fargate:
            # Brokers of Amazon MSK's and the gateway show certificates of AWS's own.
            found.remove("CertificateDays")
    return frozenset(found)
