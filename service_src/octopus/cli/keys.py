"""``octopus key ...``: the caller's access keys and sessions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from octopus.cli import key_session
from octopus.cli.output import (
    AsOption,
    JsonOption,
    print_fields,
    print_json,
    print_line,
    print_reply,
    print_table,
)
from octopus.cli.session import open_session
from octopus.cli.times import shown_minute

app = typer.Typer(help="Create, list, rotate and revoke keys; open sessions.", no_args_is_help=True)

KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY_ID", help="Access key id, as `octopus key list` shows.")
]


@app.command()
def create(
    new: Annotated[bool, typer.Option("--new", help="A further key, though you have one.")] = False,
    label: Annotated[str | None, typer.Option("--label", help="Your name for a further key.")] = None,
    expires_days: Annotated[
        int | None, typer.Option("--expires-days", metavar="DAYS", help="When a further key ends by itself.")
    ] = None,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the key to sign with, issuing one when there is none; its secret is printed."""
    session = open_session(as_name)
    wanted = {"label": label, "expires_days": expires_days}
    given = {name: value for name, value in wanted.items() if value is not None}
    _show(session.call("POST", "keys", given) if new or given else session.call("POST", "key"), as_json)


@app.command("list")
def list_keys(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List access keys and sessions, without their secrets."""
    keys = open_session(as_name).call("GET", "keys")["keys"]
    if as_json:
        print_json({"status": "success", "keys": keys})
        return
    print_table(
        ["access key", "label", "kind", "state", "ends (UTC)", "last used (UTC)", "for"],
        [
            [
                key["access_key"],
                key["label"] or "-",
                key["kind"],
                key["state"],
                shown_minute(key["expires"]),
                shown_minute(key["last_used"], missing="never"),
                _scope(key),
            ]
            for key in keys
        ],
    )


@app.command()
def rotate(
    access_key: KeyArgument,
    overlap_hours: Annotated[
        int, typer.Option("--overlap-hours", min=0, max=168, help="For which the old key works on.")
    ] = 24,
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a new key in the place of one; both work until the old one ends."""
    body = {"overlap_hours": overlap_hours}
    _show(open_session(as_name).call("POST", f"keys/{access_key}/rotate", body), as_json)


@app.command()
def revoke(access_key: KeyArgument, as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """End a key or session now, wherever it is in use."""
    print_reply(open_session(as_name).call("DELETE", f"keys/{access_key}"), as_json)


@app.command()
def label(
    access_key: KeyArgument,
    text: Annotated[str, typer.Argument(metavar="LABEL", help="1 to 64 printable characters.")],
    as_name: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call a key or session something else."""
    print_reply(open_session(as_name).call("PATCH", f"keys/{access_key}", {"label": text}), as_json)


key_session.register(app)


def _scope(key: dict[str, Any]) -> str:
    if key["replaced_by"]:
        return f"replaced by {key['replaced_by']}"
    return f"{'+'.join(key['actions'])} {', '.join(key['topics'])}" if key["topics"] else "all of yours"


def _show(key: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(key)
        return
    print_line(f"{key['message']}{' (new)' if key['fresh'] else ''}")
    fields = [
        ("access key", "access_key"),
        ("secret key", "secret_key"),
        ("created", "create_date"),
        ("ends", "expires"),
        ("old key ends", "replaced_expires"),
        ("bootstrap servers", "endpoint"),
    ]
    print_fields([(name, key[field]) for name, field in fields if key.get(field)])
