"""``octopus key ...``: the caller's access keys."""

from __future__ import annotations

import typer

from octopus.cli.output import AsOption, JsonOption, print_json, print_line, print_table
from octopus.cli.session import open_session

app = typer.Typer(help="Create and list access keys.", no_args_is_help=True)


@app.command()
def create(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """Show the key to sign with, issuing one when there is none; its secret is printed."""
    key = open_session(as_name).call("POST", "key")
    if as_json:
        print_json(key)
        return
    print_line(f"{key['message']}{' (new)' if key['fresh'] else ''}")
    print_line(f"access key         {key['access_key']}")
    print_line(f"secret key         {key['secret_key']}")
    print_line(f"created            {key['create_date']}")
    print_line(f"bootstrap servers  {key['endpoint']}")


@app.command("list")
def list_keys(as_name: AsOption = None, as_json: JsonOption = False) -> None:
    """List access keys, without their secrets."""
    keys = open_session(as_name).call("GET", "keys")["keys"]
    if as_json:
        print_json({"status": "success", "keys": keys})
        return
    print_table(
        ["access key", "kind", "state", "created"],
        [[key["access_key"], key["kind"], key["state"], key["create_date"]] for key in keys],
    )
