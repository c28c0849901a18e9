"""What the installation is called, where it is, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import values as read
from stacks.settings.variable import variable

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731, 1827, 3653)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The installation."""

    institution: str = variable(
        # 18, so that the bucket's name, with the account and the longest of regions, has S3's 63 at most.
        read.matching(
            r"[a-z0-9]([a-z0-9-]{0,16}[a-z0-9])?",
            "must be 1 to 18 characters of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        "Name of the installation; part of the name of everything that is made",
    )
    region: str = variable(
        read.region,
        "AWS region of all stacks",
        default="",
        shown="the region that the CDK finds, else us-east-1",
    )
    allow_data_loss: bool = variable(
        read.truth, "`true`: destroying the stacks destroys tables, keys, archive and logs", default=False
    )
    bootstrap_qualifier: str = variable(
        read.matching(r"[A-Za-z0-9_-]{1,10}", "must be 1 to 10 characters of A-Z, a-z, 0-9, _ and -"),
        "Qualifier of the CDK's bootstrap stack that deploys this installation",
        default="hnb659fds",
    )
    role_path: str = variable(
        read.matching(r"/([A-Za-z0-9+=,.@_-]+/){0,8}", "must be an IAM path such as /science/"),
        "IAM path of every role that the stacks make",
        default="/",
    )
    role_permissions_boundary: str = variable(
        read.matching(r"[A-Za-z0-9+=,.@_/-]{1,512}", "must be the name, with its path, of a managed policy"),
        "Managed policy of this account that bounds every role that the stacks make",
        default="",
    )
    tags: tuple[tuple[str, str], ...] = variable(
        read.pairs, "Tags of everything that the stacks make, as `name=value,...`", default=()
    )
    acknowledged_warnings: tuple[str, ...] = variable(
        read.several(read.choice(("sdk-region", "sdk-partition"))),
        "Warnings of the synth that are known and meant: `sdk-region`, `sdk-partition`",
        default=(),
    )
    log_retention_days: int = variable(
        read.number_among(LOG_RETENTION_DAYS), "Days for which logs are kept", default=30
    )
    audit_days: int = variable(
        read.whole_number(1, 3650), "Days for which the registry keeps the audit", default=400
    )
    archive_infrequent_days: int = variable(
        read.whole_number(0, 3650),
        "Days after which objects of the archive go to infrequent access; at least 30, or `0`: never",
        default=90,
    )
    archive_old_version_days: int = variable(
        read.whole_number(1, 3650),
        "Days for which the archive keeps what was overwritten or deleted",
        default=90,
    )
    mail_from: str = variable(
        read.mail_address, "Sender of mail, verified in SES; without one no mail is sent", default=""
    )
    archive: str = variable(
        read.choice(("none",), {"worker": "the archive worker"}),
        "Who writes topics to the archive bucket; `none`: nobody",
        default="none",
    )
    triggers: str = variable(
        read.choice(("runner",), {"lambda": "triggers in Lambda"}),
        "Who polls topics for triggers; `runner`: a process beside the web service",
        default="runner",
    )
