"""Every context variable of the app: typed, bounded and read once.

A value comes from ``cdk deploy -c name=value``, else from the preset that ``-c preset=name`` names, else
from the default here. Stacks and constructs get values as arguments and never look at the context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stacks import context_values as read

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731, 1827, 3653)

_MSK = ("msk-express", "msk-standard", "msk-serverless")

PRESETS: Mapping[str, Mapping[str, str]] = {
    "local": {
        "institution": "local",
        "kafka": "external",
        "hosting": "external",
        "triggers": "runner",
        "service_url": "http://127.0.0.1:8000",
        "bootstrap_servers": "127.0.0.1:9098",
        "public_url": "http://localhost:8000",
        "globus_auth_url": "http://127.0.0.1:8100/",
        "globus_groups_url": "http://127.0.0.1:8100/",
        "globus_client_id": "2b9d2f5c-fa32-45b5-875b-b24cd343b917",
        "quota_produce_bytes": "0",
        "quota_consume_bytes": "0",
        "quota_request_percent": "0",
        "quota_requests": "0",
        "allow_data_loss": "true",
    }
}
"""Values that go together. ``local`` is one machine: emulator, broker and the stand-in of Globus Auth."""


class SettingsError(ValueError):
    """One sentence for the operator: the variable, its rule, the value given, and the name meant."""


def _variable(reader: Callable[[object], Any], about: str, default: Any = MISSING, shown: str = "") -> Any:
    metadata = {
        "read": reader,
        "about": about,
        "shown": shown or ("" if default is MISSING else str(default).lower()),
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one institution's fabric is to be."""

    institution: str = _variable(
        # 18, so that the bucket's name, with the account and the longest of regions, has S3's 63 at most.
        read.matching(
            r"[a-z0-9]([a-z0-9-]{0,16}[a-z0-9])?",
            "must be 1 to 18 characters of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        "Name of the installation; part of the name of everything that is made",
    )
    kafka: str = _variable(
        read.choice(("external",), dict.fromkeys(_MSK, "Amazon MSK")),
        "Who runs the brokers; `external`: their addresses are given in `bootstrap_servers`",
    )
    hosting: str = _variable(
        read.choice(("external",), {"fargate": "the web service in Fargate"}),
        "Who runs the web service; `external`: its address is given in `service_url`",
    )
    triggers: str = _variable(
        read.choice(("runner",), {"lambda": "triggers in Lambda"}),
        "Who polls topics for triggers; `runner`: a process beside the web service",
        default="runner",
    )
    archive: str = _variable(
        read.choice(("none",), {"worker": "the archive worker"}),
        "Who writes topics to the archive bucket; `none`: nobody",
        default="none",
    )
    credentials: str = _variable(
        read.choice(("iam-user",), {"session": "session credentials"}),
        "Kind of credential that users get; `iam-user`: a long-lived access key",
        default="iam-user",
    )
    service_url: str = _variable(
        read.url,
        "Address of the web service behind the gateway; needed by `hosting=external`",
        default="",
        shown="none",
    )
    bootstrap_servers: str = _variable(
        read.servers,
        "`host:port,...` that Kafka clients are told; needed by `kafka=external`",
        default="",
        shown="none",
    )
    public_url: str = _variable(
        read.url, "Address at which clients reach the fabric; base of every address in a reply"
    )
    globus_client_id: str = _variable(
        read.uuid, "Globus Auth client of the service: audience of the tokens it takes, base of their scope"
    )
    globus_secret_name: str = _variable(
        read.matching(
            r"[A-Za-z0-9/_+=.@-]{1,512}", "must be 1 to 512 characters of A-Z, a-z, 0-9 and /_+=.@-"
        ),
        "Secrets Manager name of that client's secret, which the operator makes before the first deploy",
        default="",
        shown="octopus/&lt;institution&gt;/globus-client-secret",
    )
    globus_auth_url: str = _variable(read.url, "Globus Auth", default="https://auth.globus.org")
    cluster_uuid: str = _variable(
        read.uuid,
        "UUID in the ARN of a cluster that is not on AWS; policies and the broker's plugin must agree on it",
        default="",
        shown="derived from the institution",
    )
    key_unused_days: int = _variable(
        read.whole_number(0, 3650),
        "Days after which an access key that nobody used is deleted; `0`: never",
        default=90,
    )
    globus_groups_url: str = _variable(
        read.url,
        "Globus Groups, where the members of groups are asked for",
        default="https://groups.api.globus.org",
    )
    groups_poll_seconds: int = _variable(
        read.whole_number(1, 300),
        "Seconds between two looks at the members of a group that holds grants",
        default=300,
    )
    groups_held_seconds: int = _variable(
        read.whole_number(60, 86_400),
        "Seconds for which the last list of a group's members counts while Globus Groups gives no answer",
        default=3600,
    )
    topic_partitions_most: int = _variable(
        read.whole_number(1, 10_000), "Most partitions of a topic", default=128
    )
    topic_retention_hours_most: int = _variable(
        read.whole_number(1, 876_000), "Longest time that a topic may keep records", default=8760
    )
    topic_retention_bytes_most: int = _variable(
        read.whole_number(1 << 20, 1 << 50),
        "Most bytes that a partition may be told to keep",
        default=1 << 40,
    )
    topic_message_bytes_most: int = _variable(
        read.whole_number(1024, 64 << 20), "Largest record batch of a topic, in bytes", default=8 << 20
    )
    quota_projects: int = _variable(
        read.whole_number(1, 10_000),
        "Projects made by one person that there may be at once, whoever owns them; each has its own quotas",
        default=20,
    )
    quota_topics: int = _variable(
        read.whole_number(1, 100_000), "Topics of a person, and of a project", default=200
    )
    quota_partitions: int = _variable(
        read.whole_number(1, 1_000_000),
        "Partitions of all topics of a person, and of a project",
        default=1000,
    )
    quota_retention_bytes: int = _variable(
        read.whole_number(1 << 20, 1 << 60),
        "Bytes that all partitions of a person, and of a project, may be told to keep",
        default=1 << 42,
    )
    quota_unbounded_partition_bytes: int = _variable(
        read.whole_number(0, 1 << 50),
        "What a partition that no size bounds counts in that sum",
        default=1 << 30,
    )
    quota_groups: int = _variable(
        read.whole_number(1, 100_000), "Consumer groups of a person, and of a project", default=200
    )
    quota_transactional_ids: int = _variable(
        read.whole_number(1, 100_000), "Transactional ids of a person, and of a project", default=200
    )
    quota_produce_bytes: int = _variable(
        read.whole_number(0, 1 << 40),
        "Bytes a second that one subject may produce, over all brokers; `0`: no limit",
        default=64 << 20,
    )
    quota_consume_bytes: int = _variable(
        read.whole_number(0, 1 << 40),
        "Bytes a second that one subject may consume, over all brokers; `0`: no limit",
        default=128 << 20,
    )
    quota_request_percent: int = _variable(
        read.whole_number(0, 100_000),
        "Percent of one broker's request-handler time for one subject, over all brokers; `0`: no limit",
        default=200,
    )
    quota_requests: int = _variable(
        read.whole_number(0, 10_000), "HTTPS requests a second of one subject; `0`: no limit", default=50
    )
    public_requests: int = _variable(
        read.whole_number(0, 10_000),
        "HTTPS requests a second for public records, of all callers together; `0`: no public reading",
        default=10,
    )
    service_replicas: int = _variable(
        read.whole_number(1, 1000), "Replicas of the web service, by which its rates are divided", default=1
    )
    warning_days: int = _variable(
        read.whole_number(1, 365),
        "Days before the end of a key, a grant or a project at which its holder is told",
        default=14,
    )
    project_grace_days: int = _variable(
        read.whole_number(0, 3650),
        "Days after a project's end from which export and deletion are offered",
        default=30,
    )
    audit_days: int = _variable(
        read.whole_number(1, 3650), "Days for which the registry keeps the audit", default=400
    )
    mail_from: str = _variable(
        read.matching(r"[^@\s]+@[^@\s]+", "must be an address such as octopus@example.org"),
        "Sender of mail, verified in SES; without one no mail is sent",
        default="",
        shown="none",
    )
    allow_data_loss: bool = _variable(
        read.truth, "`true`: destroying the stacks destroys tables, keys, archive and logs", default=False
    )
    log_retention_days: int = _variable(
        read.number_among(LOG_RETENTION_DAYS), "Days for which the gateway's logs are kept", default=30
    )
    authorizer_cache_seconds: int = _variable(
        # The service checks each token again; this bounds what the gateway lets through after a revocation.
        read.whole_number(0, 300),
        "Seconds for which the gateway trusts what it learnt of a token",
        default=60,
    )
    gateway_rate_limit: int = _variable(
        read.whole_number(1, 10_000),
        "Requests a second, over all callers, beyond which the gateway says 429",
        default=500,
    )
    gateway_burst_limit: int = _variable(
        read.whole_number(1, 5_000), "Requests that may come at once above that rate", default=1_000
    )

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Settings:
        """Read every variable; keys of the CDK's own (with ``:``, or beginning ``aws``) are passed over.

        Raises:
            SettingsError: a name is unknown, a value breaks its rule or is missing, two do not go together.
        """
        given = {
            name: value for name, value in context.items() if ":" not in name and not name.startswith("aws")
        }
        given = {**_preset(given.pop("preset", None)), **given}
        variables = {variable.name: variable for variable in fields(cls)}
        for name in given:
            if name not in variables:
                raise SettingsError(_unknown(name, given[name], [*variables, "preset"]))
        _refuse_pairs(given)
        values: dict[str, Any] = {name: _read(variables[name], given[name]) for name in given}
        for name, variable in variables.items():
            if variable.default is MISSING and name not in given:
                raise SettingsError(
                    f"{name} must be given with -c {name}=VALUE and has no default; no value was given."
                )
        return cls(**values)._completed()

    def _completed(self) -> Settings:
        """Fill what one variable derives from another."""
        if self.kafka == "external" and not self.bootstrap_servers:
            raise SettingsError("bootstrap_servers must be given with kafka=external; no value was given.")
        if self.hosting == "external" and not self.service_url:
            raise SettingsError("service_url must be given with hosting=external; no value was given.")
        derived = {
            "cluster_uuid": self.cluster_uuid or str(uuid5(NAMESPACE_URL, f"octopus/{self.institution}")),
            "globus_secret_name": self.globus_secret_name
            or f"octopus/{self.institution}/globus-client-secret",
        }
        return Settings(
            **{variable.name: getattr(self, variable.name) for variable in fields(self)} | derived
        )

    def named(self, what: str) -> str:
        """Return the physical name of one of this institution's things: ``octopus-<institution>-<what>``."""
        return f"octopus-{self.institution}-{what}"


def _preset(name: object) -> Mapping[str, object]:
    if name is None:
        return {}
    try:
        return PRESETS[read.choice(tuple(PRESETS))(name)]
    except read.RefusedError as rule:
        raise SettingsError(f"preset {rule}; the value given is {name!r}.") from None


def _read(variable: Field[Any], value: object) -> object:
    try:
        return variable.metadata["read"](value)
    except read.RefusedError as rule:
        raise SettingsError(f"{variable.name} {rule}; the value given is {value!r}.") from None


def _refuse_pairs(given: Mapping[str, object]) -> None:
    """Name the pair before the single value, which may be right in another installation."""
    if given.get("triggers") == "lambda" and given.get("kafka") == "external":
        raise SettingsError(
            "triggers must be runner when kafka=external, since Lambda polls topics of Amazon MSK only; "
            "the value given is 'lambda'."
        )


def _unknown(name: str, value: object, known: list[str]) -> str:
    meant = get_close_matches(name, known, n=1)
    hint = f", and the name meant may be {meant[0]}" if meant else ""
    return f"{name} is not a variable listed in docs/deploying.md; the value given is {value!r}{hint}."
