"""Options that say what a topic is to be like."""

from __future__ import annotations

from typing import Annotated

import typer

PartitionsOption = Annotated[
    int | None, typer.Option("--partitions", metavar="N", help="They can become more, never fewer.")
]
RetentionHoursOption = Annotated[
    int | None, typer.Option("--retention-hours", metavar="N", help="For how long records are kept.")
]
RetentionBytesOption = Annotated[
    int | None, typer.Option("--retention-bytes", metavar="N", help="How much each partition keeps.")
]
CleanupPolicyOption = Annotated[
    str | None,
    typer.Option("--cleanup-policy", metavar="POLICY", help="`delete`, `compact` or `compact,delete`."),
]
MaxMessageBytesOption = Annotated[
    int | None, typer.Option("--max-message-bytes", metavar="N", help="Of the largest batch of records.")
]
TimestampTypeOption = Annotated[
    str | None,
    typer.Option("--timestamp-type", metavar="TYPE", help="`CreateTime` or `LogAppendTime`."),
]
DescriptionOption = Annotated[str | None, typer.Option("--description", help="What the records are.")]
TagOption = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Repeatable; together they are all tags."),
]
ContactOption = Annotated[str | None, typer.Option("--contact", help="Whom to ask.")]
LicenceOption = Annotated[
    str | None, typer.Option("--licence", help="An SPDX expression, such as CC-BY-4.0.")
]
ListedOption = Annotated[
    bool | None,
    typer.Option("--listed/--not-listed", help="Whether everybody finds it and reads what it is about."),
]
PublicOption = Annotated[
    bool | None,
    typer.Option("--public/--not-public", help="Whether everybody reads its records, without logging in."),
]


def chosen(**options: object) -> dict[str, object]:
    """The body of a request that names those options that were given."""
    return {field: value for field, value in options.items() if value is not None}
