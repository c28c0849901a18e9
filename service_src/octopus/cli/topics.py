"""``octopus topic ...``: topics of the caller's namespace, and others that he has a right on."""

from __future__ import annotations

from typing import Annotated

import typer

from octopus.cli.output import (
    AsOption,
    JsonOption,
    print_changes,
    print_fields,
    print_json,
    print_line,
    print_reply,
    print_table,
    shown_value,
)
from octopus.cli.pages import read_all
from octopus.cli.plans import DryRunOption
from octopus.cli.session import open_session
from octopus.cli.topic_names import TopicArgument, path_of
from octopus.cli.topic_options import (
    CleanupPolicyOption,
    ContactOption,
    DescriptionOption,
    LicenceOption,
    ListedOption,
    MaxMessageBytesOption,
    PartitionsOption,
    PublicOption,
    RetentionBytesOption,
    RetentionHoursOption,
    TagOption,
    TimestampTypeOption,
    chosen,
)

app = typer.Typer(
    help="Create topics and change them, find them, share them, copy and delete them.", no_args_is_help=True
)


@app.command()
def create(
    topic: TopicArgument,
    partitions: PartitionsOption = None,
    retention_hours: RetentionHoursOption = None,
    retention_bytes: RetentionBytesOption = None,
    cleanup_policy: CleanupPolicyOption = None,
    max_message_bytes: MaxMessageBytesOption = None,
    timestamp_type: TimestampTypeOption = None,
    description: DescriptionOption = None,
    tag: TagOption = None,
    contact: ContactOption = None,
    licence: LicenceOption = None,
    listed: ListedOption = None,
    public: PublicOption = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a topic, with one partition unless told otherwise; the account is made on first use."""
    session = open_session(as_name)
    if "." not in topic:
        session.call("POST", "user")
    body = chosen(
        partitions=partitions,
        retention_hours=retention_hours,
        retention_bytes=retention_bytes,
        cleanup_policy=cleanup_policy,
        max_message_bytes=max_message_bytes,
        timestamp_type=timestamp_type,
        description=description,
        tags=tag,
        contact=contact,
        licence=licence,
        listed=listed,
        public=public,
    )
    print_reply(session.call("POST", path_of(session, topic), body or None), as_json)


@app.command("list")
def list_topics(
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="Those of a project, not your own.")
    ] = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List topics under the names that Kafka clients use."""
    session = open_session(as_name)
    if project is None:
        namespaces: dict[str, list[str]] = session.call("GET", "namespace")["namespaces"]
    else:
        found = read_all(session, "search", "topics", {"namespace": project})
        namespaces = {project: [one["name"].partition(".")[2] for one in found]}
    if as_json:
        print_json({"status": "success", "namespaces": namespaces})
        return
    print_table(
        ["topic", "name at Kafka"],
        [[topic, f"{namespace}.{topic}"] for namespace, topics in namespaces.items() for topic in topics],
    )


@app.command()
def describe(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Show a topic's settings, what it is about, its offsets, and what you may do with it."""
    session = open_session(as_name)
    reply = session.call("GET", path_of(session, topic))
    if as_json:
        print_json(reply)
        return
    fields = [("name", reply["name"]), ("you may", ", ".join(reply["rights"]) or "see this")]
    fields += reply["about"].items()
    if reply["settings"] is not None:
        fields += [("topic id", reply["topic_id"])]
        fields += [
            (field, shown_value(value) + ("" if field in reply["chosen"] else " (the brokers' default)"))
            for field, value in reply["settings"].items()
        ]
        fields += [
            (f"partition {number}", f"offsets {span['earliest']} to {span['latest']}")
            for number, span in reply["offsets"].items()
        ]
    print_fields(fields)


@app.command("set")
def set_(
    topic: TopicArgument,
    partitions: PartitionsOption = None,
    retention_hours: RetentionHoursOption = None,
    retention_bytes: RetentionBytesOption = None,
    cleanup_policy: CleanupPolicyOption = None,
    max_message_bytes: MaxMessageBytesOption = None,
    timestamp_type: TimestampTypeOption = None,
    description: DescriptionOption = None,
    tag: TagOption = None,
    contact: ContactOption = None,
    licence: LicenceOption = None,
    listed: ListedOption = None,
    public: PublicOption = None,
    default: Annotated[
        list[str] | None,
        typer.Option("--default", metavar="FIELD", help="Back to its default: retention_ms, tags, ..."),
    ] = None,
    dry_run: DryRunOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a topic's settings or what it is about; what is not named stays."""
    session = open_session(as_name)
    body = chosen(
        partitions=partitions,
        retention_hours=retention_hours,
        retention_bytes=retention_bytes,
        cleanup_policy=cleanup_policy,
        max_message_bytes=max_message_bytes,
        timestamp_type=timestamp_type,
        description=description,
        tags=tag,
        contact=contact,
        licence=licence,
        listed=listed,
        public=public,
    )
    if twice := body.keys() & set(default or ()):
        raise typer.BadParameter(f"{', '.join(sorted(twice))}: set, and given back to the default")
    body |= dict.fromkeys(default or ())
    reply = session.call("PATCH", f"{path_of(session, topic)}{'?dry_run=true' if dry_run else ''}", body)
    print_reply(reply, as_json)
    if not as_json:
        print_changes(reply["changes"])
        for refused in reply["refused"]:
            print_line(f"not possible: {refused['field']}: {refused['reason']}")


@app.command()
def search(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORD...", help="All of them; beginnings are enough.")
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="One of its tags, whole.")] = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find topics by words of their names and of what they are about, yours and listed ones."""
    query = {"q": " ".join(words or ()), **({"tag": tag} if tag else {})}
    found = read_all(open_session(as_name), "search", "topics", query)
    if as_json:
        print_json({"status": "success", "topics": found})
        return
    print_table(
        ["topic", "you may", "description", "contact"],
        [
            [
                one["name"],
                "use it" if one["mine"] else "ask for it",
                one["about"]["description"] or "-",
                one["about"]["contact"] or "-",
            ]
            for one in found
        ],
    )


@app.command()
def delete(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Delete a topic, its records, and all grants on it."""
    session = open_session(as_name)
    print_reply(session.call("DELETE", path_of(session, topic)), as_json)


@app.command()
def recreate(topic: TopicArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Delete a topic's records by making the topic anew under its name; settings and grants stay."""
    session = open_session(as_name)
    print_reply(session.call("PUT", f"{path_of(session, topic)}/recreate"), as_json)


@app.command("delete-records")
def delete_records(
    topic: TopicArgument,
    before: Annotated[
        list[str] | None,
        typer.Option("--before", metavar="PARTITION=OFFSET", help="The first offset to keep; repeatable."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All records that there are now.")] = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a topic's oldest records; the topic, its topic id and its settings stay."""
    if everything == bool(before):
        raise typer.BadParameter("name either --before or --all")
    session = open_session(as_name)
    body = {"offsets": "all" if everything else dict(_offset(pair) for pair in before or ())}
    reply = session.call("POST", f"{path_of(session, topic)}/records/delete", body)
    print_reply(reply, as_json)
    if not as_json:
        for number, offset in reply["earliest"].items():
            print_line(f"partition {number} begins at {offset}")


def _offset(pair: str) -> tuple[str, int]:
    number, _, offset = pair.partition("=")
    if not (number.isdecimal() and offset.isdecimal()):
        raise typer.BadParameter(f"--before is written PARTITION=OFFSET, such as 0=120; received {pair!r}")
    return number, int(offset)
