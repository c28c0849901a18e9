"""The metrics of the fabric's own, as ``catalogue.toml`` beside this file lists them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Unit = Literal["Count", "None", "Percent", "Seconds"]
"""Of CloudWatch's units, those in use."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    """In CloudWatch."""
    component: str
    unit: Unit
    kind: Literal["counter", "gauge", "histogram"]
    through: Literal["put", "observed"]
    about: str

    @property
    def prometheus_name(self) -> str:
        """In Prometheus, without the ``_total`` of a counter: its library puts that behind."""
        return f"octopus_{self.component}_{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', self.name).lower()}"


@cache
def catalogue() -> Mapping[str, Metric]:
    """Every metric by its name in CloudWatch."""
    listed = tomllib.loads((files("octopus.metrics") / "catalogue.toml").read_text())
    return {
        name: Metric(name=name, component=component, **entry)
        for component, entries in listed.items()
        for name, entry in entries.items()
    }


def namespace(institution: str) -> str:
    """CloudWatch's namespace of one installation's metrics."""
    return f"Octopus/{institution}"
