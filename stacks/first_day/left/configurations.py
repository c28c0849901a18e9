"""The cluster's configuration: it costs nothing, and its name stands in the way of another of the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from stacks.first_day.account import Account
from stacks.first_day.left import clusters
from stacks.first_day.left.leftover import Leftover


def find(account: Account, live: frozenset[str]) -> Iterator[Leftover]:
    """Yield the configuration, if no live stack has it."""
    if not account.settings.on_msk:
        return
    kafka, name = account.client("kafka"), account.settings.named("kafka")
    for page in kafka.get_paginator("list_configurations").paginate():
        for each in page["Configurations"]:
            if each["Name"] == name and each["Arn"] not in live:
                yield Leftover(
                    kind="MSK configuration",
                    name=name,
                    holds_data=False,
                    cost="nothing",
                    used_by=clusters.KIND,
                    remove=partial(kafka.delete_configuration, Arn=each["Arn"]),
                )
