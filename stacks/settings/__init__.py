"""Every context variable of the app: typed, bounded and read once.

A value comes from ``cdk deploy -c name=value``, else from the TOML file that ``-c settings_file=PATH`` names,
else from the preset that ``-c preset=name`` names, else from the default. Stacks and constructs get values as
arguments and never look at the context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stacks.settings import brokers, link_zones, rules
from stacks.settings import values as read
from stacks.settings.gateway import Gateway
from stacks.settings.hosting import Hosting
from stacks.settings.identity import Identity
from stacks.settings.installation import Installation
from stacks.settings.kafka import Kafka
from stacks.settings.monitoring import Monitoring
from stacks.settings.network import Network
from stacks.settings.sources import SOURCES, Given, gather, on_the_line
from stacks.settings.topics import Topics
from stacks.settings.variable import SettingsError

GROUPS = (Installation, Network, Kafka, Hosting, Gateway, Identity, Topics, Monitoring)
"""The variables by what they are about, in the order in which they are documented."""

_USUAL_REGION = "us-east-1"

__all__ = ["GROUPS", "Settings", "SettingsError"]


@dataclass(frozen=True, kw_only=True)
class Settings(Monitoring, Topics, Identity, Gateway, Hosting, Kafka, Network, Installation):
    """What one institution's fabric is to be."""

    on_the_line: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """What the command line gave of it, names and values, for a command that repeats them."""

    @classmethod
    def from_context(cls, context: Mapping[str, object], *, region: str | None = None) -> Settings:
        """Read every variable; keys of the CDK's own (with ``:``, or beginning ``aws-``) are passed over.

        Args:
            region: in which the stacks are made when no variable says.

        Raises:
            SettingsError: a name is unknown, a value breaks its rule or is missing, two do not go together.
        """
        given = gather(context)
        variables = {variable.name: variable for group in GROUPS for variable in fields(group)}
        for name in given:
            if name not in variables:
                raise SettingsError(_unknown(name, given[name], [*variables, *SOURCES]))
        _refuse_pairs(given)
        values: dict[str, Any] = {name: _read(variables[name], value) for name, value in given.items()}
        for name, variable in variables.items():
            if variable.default is MISSING and name not in given:
                raise SettingsError(
                    f"{name} must be given with -c {name}=VALUE and has no default; no value was given."
                )
        values = {"region": region or _USUAL_REGION, "on_the_line": on_the_line(context)} | values
        settings = cls(**values)._completed()
        for name, rule in rules.broken_by(settings):
            raise SettingsError(f"{name} {rule}; {_shown(settings, name, given)}.")
        return settings

    @property
    def on_msk(self) -> bool:
        """Whether the brokers are Amazon MSK's, made here."""
        return self.kafka != "external"

    @property
    def in_fargate(self) -> bool:
        """Whether the web service runs in Fargate."""
        return self.hosting == "fargate"

    @property
    def heartbeat_over_https(self) -> bool:
        """Whether somebody reads the heartbeat through the public address, as users do.

        Not where nobody may read public records; nor in Fargate where the gateway lets certain networks in
        alone: the function that would read stands at an address of AWS's own, which changes.
        """
        return self.public_requests > 0 and not (self.in_fargate and self.api_allowed_cidrs)

    def named(self, what: str) -> str:
        """Return the physical name of one of this institution's things: ``octopus-<institution>-<what>``."""
        return f"octopus-{self.institution}-{what}"

    @property
    def cluster_name(self) -> str:
        """Name of the Kafka cluster, as it stands in ARNs."""
        return f"octopus-{self.institution}"

    def _completed(self) -> Settings:
        """Fill what one variable derives from another."""
        return replace(
            self,
            cluster_uuid=self.cluster_uuid or str(uuid5(NAMESPACE_URL, f"octopus/{self.institution}")),
            globus_secret_name=self.globus_secret_name or f"octopus/{self.institution}/globus-client-secret",
            public_url=self.public_url or (f"https://{self.domain}" if self.domain else ""),
            kafka_version=self.kafka_version or brokers.LATEST.get(self.kafka, ""),
            broker_type=self.broker_type or brokers.USUAL.get(self.kafka, ""),
            # With brokers alone too: who hosts the service may change, and subnets may not.
            zone_ids=self.zone_ids or link_zones.first(self.region, self.zones),
        )


def _refuse_pairs(given: Mapping[str, Given]) -> None:
    """Name the pair before the single value, which may be right in another installation."""
    triggers, kafka = given.get("triggers"), given.get("kafka")
    if triggers and kafka and (triggers.value, kafka.value) == ("lambda", "external"):
        raise SettingsError(
            "triggers must be runner when kafka=external, since Lambda polls topics of Amazon MSK only; "
            f"{triggers.shown}."
        )


def _read(variable: Field[Any], given: Given) -> object:
    try:
        return variable.metadata["read"](given.value)
    except read.RefusedError as rule:
        raise SettingsError(f"{variable.name} {rule}; {given.shown}.") from None


def _shown(settings: Settings, name: str, given: Mapping[str, Given]) -> str:
    if name in given:
        return given[name].shown
    value = getattr(settings, name)
    return "no value was given" if value in ("", ()) else f"the default is {value!r}"


def _unknown(name: str, given: Given, known: list[str]) -> str:
    meant = get_close_matches(name, known, n=1)
    hint = f", and the name meant may be {meant[0]}" if meant else ""
    return f"{name} is not a variable listed in docs/deploying.md; {given.shown}{hint}."
