"""Whom the fabric turned away, and why."""

from __future__ import annotations

from stacks.monitoring.dashboard.widgets import Line, Widget, graph
from stacks.monitoring.series import Installed, authorizer, balancer, brokers, gateway, own, table, web_acl

QUESTION = "Is anyone refused?"


def widgets(installed: Installed) -> list[Widget]:
    """Return refusals from the outside in: gateway, authorizer, service, brokers, tables."""
    settings = installed.settings
    found = [
        graph(installed, "Gateway: refused (4xx)", Line(gateway("4XXError"), "Sum", "4xx")),
        graph(
            installed,
            "Tokens at the gateway",
            Line(own("TokensTaken"), "Sum", "taken"),
            Line(own("TokensRefused"), "Sum", "refused"),
            Line(own("TokensUnchecked"), "Sum", "not checked: Globus Auth was away"),
        ),
        graph(
            installed,
            "Function that asks about tokens",
            Line(authorizer("Errors"), "Sum", "refused, or broke"),
            Line(authorizer("Throttles"), "Sum", "not run"),
            Line(authorizer("Duration"), "p95", "milliseconds, 95 %", right=True),
        ),
    ]
    if settings.waf:
        found.append(
            graph(installed, "Web ACL: refused", Line(web_acl("BlockedRequests", "rate"), "Sum", "too many"))
        )
    if settings.in_fargate:
        found.append(
            graph(
                installed,
                "Requests that the web service did not serve",
                Line(own("RequestsRefused"), "Sum", "no right (401, 403)"),
                Line(own("RequestsThrottled"), "Sum", "too many (429)"),
                Line(own("RequestsUnavailable"), "Sum", "something was away (503)"),
                Line(own("RequestsFailed"), "Sum", "broke (500)"),
            )
        )
        found.append(
            graph(
                installed,
                "Balancer: its own faults, and connections that it turned away",
                Line(balancer("HTTPCode_ELB_5XX_Count"), "Sum", "5xx"),
                Line(balancer("RejectedConnectionCount"), "Sum", "turned away"),
            )
        )
    return [*found, *_brokers(installed), _tables(installed)]


def _brokers(installed: Installed) -> list[Widget]:
    settings = installed.settings
    if settings.kafka not in ("msk-standard", "msk-express") or settings.kafka_monitoring != "per-broker":
        return []
    found = [
        graph(
            installed,
            "Connections refused by broker, too many new ones coming at once",
            Line(brokers("IAMTooManyConnections"), "Sum", "broker"),
        ),
        graph(
            installed,
            "Producers held back by broker: milliseconds",
            Line(brokers("ProduceThrottleTime"), "Average", "broker"),
        ),
        graph(
            installed,
            "Consumers held back by broker: milliseconds",
            Line(brokers("FetchThrottleTime"), "Average", "broker"),
        ),
    ]
    if settings.kafka == "msk-standard":
        found.append(
            graph(
                installed,
                "Packets held back by broker, its network being full",
                Line(brokers("BwInAllowanceExceeded"), "Sum", "in, broker"),
                Line(brokers("BwOutAllowanceExceeded"), "Sum", "out, broker"),
            )
        )
    return found


def _tables(installed: Installed) -> Widget:
    return graph(
        installed,
        "Tables: reads and writes that DynamoDB refused",
        *(
            Line(table(f"{verb}ThrottleEvents", what), "Sum", f"{what}, {verb.lower()}s")
            for what in ("registry", "credentials")
            for verb in ("Read", "Write")
        ),
    )
