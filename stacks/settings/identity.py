"""Who people are, and what they get to sign with."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import values as read
from stacks.settings.variable import variable


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Identities and credentials."""

    globus_client_id: str = variable(
        read.uuid,
        "Globus Auth client of the service: audience of the tokens it takes, base of their scope;"
        " without one nobody is let in",
        default="",
    )
    globus_secret_name: str = variable(
        read.matching(
            r"[A-Za-z0-9/_+=.@-]{1,512}", "must be 1 to 512 characters of A-Z, a-z, 0-9 and /_+=.@-"
        ),
        "Secrets Manager name of that client's secret, which the operator makes",
        default="",
        shown="octopus/&lt;institution&gt;/globus-client-secret",
    )
    cli_client_id: str = variable(
        read.uuid,
        "Native Globus Auth client with which people at a terminal log in; without one each names his own",
        default="",
    )
    globus_auth_url: str = variable(read.url, "Globus Auth", default="https://auth.globus.org")
    globus_groups_url: str = variable(
        read.url,
        "Globus Groups, where the members of groups are asked for",
        default="https://groups.api.globus.org",
    )
    groups_poll_seconds: int = variable(
        read.whole_number(1, 300),
        "Seconds between two looks at the members of a group that holds grants",
        default=300,
    )
    groups_held_seconds: int = variable(
        read.whole_number(60, 86_400),
        "Seconds for which the last list of a group's members counts while Globus Groups gives no answer",
        default=3600,
    )
    credentials: str = variable(
        read.choice(("iam-user", "session")),
        "Kind of credential that users get; `iam-user`: a long-lived access key, `session`: one that ends"
        " within the hour",
        default="iam-user",
    )
    key_unused_days: int = variable(
        read.whole_number(0, 3650),
        "Days after which an access key that nobody used is deleted; `0`: never",
        default=90,
    )
    key_days_most: int = variable(
        read.whole_number(0, 3650),
        "Days after which an access key ends, counted from the setting on for one made before; `0`: never;"
        " from 1 to 90 with `kafka=msk-*` and `credentials=iam-user`",
        default=0,
    )
    session_minutes_most: int = variable(
        read.session_minutes,
        "Longest session in minutes, 20 to 60; who assumes a role from a role gets an hour at most",
        default=60,
    )
    warning_days: int = variable(
        read.whole_number(1, 365),
        "Days before the end of a key, a grant or a project at which its holder is told",
        default=14,
    )
    project_grace_days: int = variable(
        read.whole_number(0, 3650),
        "Days after a project's end from which export and deletion are offered",
        default=30,
    )
