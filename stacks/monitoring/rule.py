"""What a rule says: of which metrics, beyond which limit, for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stacks.monitoring.series import Source
from stacks.settings import Settings

Limit = float | Callable[[Settings], float]
Where = Callable[[Settings], bool]
Arn = Callable[[str, str], str]
"""Returns the ARN of a service's resource in the account and region that are watched."""


def everywhere(settings: Settings) -> bool:
    """Return that a rule holds for every installation."""
    return True


def shown(limit: float) -> str:
    """Return a limit as people read it."""
    return f"{limit:,.0f}" if limit >= 1000 else f"{limit:g}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One alarm, or one for each ten metrics that it stands on.

    It goes off when the worst of the parts of ``of`` was ``beyond`` the limit in each of ``times`` periods.
    """

    id: str
    """Name of the alarm, and of its section in ``docs/runbooks.md``."""
    says: str
    """What is wrong when it goes off, as a sentence without its full stop; ``{limit}`` is the limit."""
    of: Source
    each: str = ""
    """What a part is in metric maths, its series being ``{0}`` and so on; without it, their sum."""
    statistic: str
    beyond: Literal[">", ">=", "<", "<="]
    limit: Limit
    period_s: int
    """Of one value, in seconds."""
    times: int = 1
    without_data: Literal["breaching", "ignore", "missing", "notBreaching"] = "notBreaching"
    """What a period without a value counts as."""
    where: Where = everywhere
    """Whether an installation has what is watched."""
    essential: bool = False
    """Whether users are hurt, or soon will be: then there is no installation without it."""

    def limit_for(self, settings: Settings) -> float:
        """Return the limit in one installation."""
        return self.limit(settings) if callable(self.limit) else self.limit

    def holds(self, settings: Settings) -> bool:
        """Return whether one installation has this rule."""
        return self.where(settings) and (self.essential or settings.alarms == "full")


@dataclass(frozen=True, kw_only=True)
class EventRule:
    """Events of AWS's own that are told as alarms are. They cost nothing, so every installation has them."""

    id: str
    """Name of the rule, and of its section in ``docs/runbooks.md``."""
    says: str
    """What happened, as a sentence without its full stop."""
    pattern: Callable[[Settings, Arn], Mapping[str, Any]]
    """As EventBridge reads it."""
    where: Where = everywhere

    def holds(self, settings: Settings) -> bool:
        """Return whether one installation has this rule."""
        return self.where(settings)
