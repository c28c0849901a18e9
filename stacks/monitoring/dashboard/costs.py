"""What grows the bill: by how much, the price file says."""

from __future__ import annotations

from stacks.monitoring.dashboard.widgets import DAY_S, Line, Widget, graph, text
from stacks.monitoring.series import Installed, authorizer, authorizer_logs, gateway, nat, table

QUESTION = "What does it cost?"

_PAGE = (
    "`scripts/cost` says what a month costs with your settings and a stated load, and from which prices;"
    " `docs/cost.md` shows it for the presets. Here is what the bill goes up with."
)


def widgets(installed: Installed) -> list[Widget]:
    """Return what is paid for by use."""
    found = [
        text(_PAGE, width=8, height=6),
        graph(
            installed,
            "Requests and calls, a day",
            Line(gateway("Count"), "Sum", "requests to the gateway"),
            Line(authorizer("Invocations"), "Sum", "calls about tokens"),
            period_s=DAY_S,
        ),
        graph(
            installed,
            "Tables: units of reading and writing, a day",
            *(
                Line(table(f"Consumed{verb}CapacityUnits", what), "Sum", f"{what}, {verb.lower()}")
                for what in ("registry", "credentials")
                for verb in ("Read", "Write")
            ),
            period_s=DAY_S,
        ),
    ]
    if installed.nat_gateways:
        found.append(
            graph(
                installed,
                "NAT: bytes to the internet and back, a day",
                Line(nat("BytesOutToDestination"), "Sum", "out"),
                Line(nat("BytesInFromDestination"), "Sum", "in"),
                period_s=DAY_S,
            )
        )
    if installed.authorizer_logs:
        found.append(
            graph(
                installed,
                "Bytes of the brokers' authorizer logs",
                Line(authorizer_logs("BucketSizeBytes"), "Average", "stored"),
                period_s=DAY_S,
            )
        )
    return found
