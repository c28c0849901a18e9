"""``octopus stand-in ...``: who is who, and in which groups, at the Globus stand-in of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from octopus.cli.output import JsonOption, print_json, print_line, print_table
from octopus.fabric.environment import open_identities
from octopus.fabric.settings import FabricSettings
from octopus.globus.groups import Group, Groups, Role, Status
from octopus.globus.store import IdentityStore

app = typer.Typer(
    help="Identities and groups of the Globus stand-in on this machine, as Globus' own pages have them.",
    no_args_is_help=True,
)
group = typer.Typer(help="Groups: made, shown, and who is in them.", no_args_is_help=True)
app.add_typer(group, name="group")

FABRIC = "fabric"
"""In the place of a name: the web service's own client."""

Name = Annotated[str, typer.Argument(help="An identity, made on first use.")]
GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="Name or UUID.")]
Member = Annotated[
    str, typer.Argument(metavar="WHO", help=f"An identity, or `{FABRIC}`: the fabric's own client.")
]


@app.command()
def link(one: Name, other: Name, as_json: JsonOption = False) -> None:
    """Make two identities one person's; their fabric learns of it with their next new token."""
    with _store() as store:
        first, second = store.ensure_identity(one), store.ensure_identity(other)
        store.link(first.id, second.id)
        together = [each.username for each in store.identity_set(first.id)]
    _tell(f"One person: {', '.join(together)}", as_json, {"identities": together})


@app.command()
def unlink(name: Name, as_json: JsonOption = False) -> None:
    """Make an identity a person of its own again."""
    with _store() as store:
        alone = store.ensure_identity(name)
        store.unlink(alone.id)
    _tell(f"On its own: {alone.username}", as_json, {"identity": alone.username})


@group.command("create")
def create_group(
    name: Annotated[str, typer.Argument(help="What the group is called.")],
    admin: Annotated[str, typer.Option("--admin", help="The identity that administers it.")],
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Do not let the fabric see the members: it refuses grants to it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Create a group whose members the fabric may see, as a manager of the group."""
    with _store() as store:
        groups = Groups(store.database)
        made = groups.create(name, admin=store.ensure_identity(admin).id)
        if not hidden:
            groups.put(made.id, _fabric(), role=Role.MANAGER)
    _tell(f"Group {made.name} is {made.id}", as_json, {"group": made.id, "name": made.name})


@group.command("delete")
def delete_group(name: GroupArgument, as_json: JsonOption = False) -> None:
    """Delete a group."""
    with _store() as store:
        groups = Groups(store.database)
        gone = groups.named(name)
        groups.delete(gone.id)
    _tell(f"Group {gone.name} is gone", as_json, {"group": gone.id})


@group.command()
def add(
    name: GroupArgument,
    who: Member,
    role: Annotated[Role, typer.Option("--role", help="In the group.")] = Role.MEMBER,
    as_json: JsonOption = False,
) -> None:
    """Put somebody into a group, or give a member another role."""
    _put(name, who, role, Status.ACTIVE, as_json)


@group.command()
def remove(name: GroupArgument, who: Member, as_json: JsonOption = False) -> None:
    """Take somebody out of a group."""
    _put(name, who, Role.MEMBER, Status.REMOVED, as_json)


@group.command("list")
def list_groups(as_json: JsonOption = False) -> None:
    """List groups with their active members."""
    with _store() as store:
        groups = [(each, _members(store, each)) for each in Groups(store.database).list_groups()]
    if as_json:
        print_json(
            {
                "status": "success",
                "groups": [{"group": one.id, "name": one.name, "members": who} for one, who in groups],
            }
        )
        return
    print_table(
        ["group", "name", "members"],
        [
            [one.id, one.name, ", ".join(f"{name} ({role})" for name, role in who.items())]
            for one, who in groups
        ],
    )


def _put(name: str, who: str, role: Role, status: Status, as_json: bool) -> None:
    with _store() as store:
        groups = Groups(store.database)
        meant = groups.named(name)
        identity = _fabric() if who == FABRIC else store.ensure_identity(who).id
        groups.put(meant.id, identity, role=role, status=status)
        changed = groups.named(meant.id)
        members = _members(store, changed)
    names = ", ".join(members) or "nobody"
    _tell(f"In {changed.name}: {names}", as_json, {"group": changed.id, "members": members})


def _members(store: IdentityStore, one: Group) -> dict[str, str]:
    """Roles of the active members by name."""
    names = {each.id: each.name for each in store.list_identities()} | {_fabric(): FABRIC}
    return {
        names.get(each.identity, each.identity): str(each.role)
        for each in one.memberships
        if each.status is Status.ACTIVE
    }


def _fabric() -> str:
    return FabricSettings().globus_client_id


@contextmanager
def _store() -> Iterator[IdentityStore]:
    with open_identities(FabricSettings()) as store:
        yield store


def _tell(text: str, as_json: bool, reply: dict[str, object]) -> None:
    if as_json:
        print_json({"status": "success", **reply})
    else:
        print_line(text)
