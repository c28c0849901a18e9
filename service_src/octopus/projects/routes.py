"""HTTP of projects: ``/projects``, who is in them, with whom they are shared whole, and their end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Request

from octopus.access.models import Right
from octopus.pages import page
from octopus.projects.ending import Endings
from octopus.projects.members import Members
from octopus.projects.replies import (
    EndPlanShown,
    NewMember,
    NewProject,
    ProjectChange,
    ProjectChangedReply,
    ProjectChangeShown,
    ProjectEndedReply,
    ProjectReply,
    ProjectShown,
    ProjectsReply,
    Transfer,
)
from octopus.projects.service import Projects
from octopus.sharing.parameters import GrantId, OfGrantee, SharingOfFabric
from octopus.sharing.replies import (
    GrantReply,
    GrantsReply,
    GrantTakenReply,
    NewGrant,
    given_reply,
    grants_reply,
    taken_reply,
)
from octopus.web.authentication import TokenCaller
from octopus.web.errors import DOCUMENTED
from octopus.web.parameters import After, DryRun, Limit

router = APIRouter(prefix="/api/v3/projects", tags=["Project"], responses=DOCUMENTED)


def _projects(request: Request) -> Projects:
    found: Projects = request.app.state.projects
    return found


def _members(request: Request) -> Members:
    found: Members = request.app.state.members
    return found


def _endings(request: Request) -> Endings:
    found: Endings = request.app.state.endings
    return found


ProjectsOfFabric = Annotated[Projects, Depends(_projects)]
MembersOfFabric = Annotated[Members, Depends(_members)]
EndingsOfFabric = Annotated[Endings, Depends(_endings)]
Name = Annotated[
    str,
    Path(
        description="3 to 32 lower-case letters, digits and `-`, the last not at either end; never `ns-*`.",
        examples=["beamline-7"],
    ),
]


@router.get("", summary="List your projects")
def list_projects(
    caller: TokenCaller, projects: ProjectsOfFabric, limit: Limit = 100, after: After = None
) -> ProjectsReply:
    """Those that you own, are in, or that are shared with you whole."""
    some = page(projects.listed(caller), lambda seen: seen.project.name, limit, after)
    shown = [ProjectShown.of(seen) for seen in some.entries]
    return ProjectsReply(message=f"Found {len(shown)} projects", projects=shown, next=some.next)


@router.post("/{name}", summary="Create a project")
def create_project(
    caller: TokenCaller,
    projects: ProjectsOfFabric,
    name: Name,
    wanted: Annotated[NewProject | None, Body()] = None,
) -> ProjectReply:
    """The project is there, with you for its owner. No name is given again after its project has ended."""
    wanted = wanted or NewProject()
    seen, made = projects.create(
        caller,
        name,
        description=wanted.description,
        contact=wanted.contact,
        ends=wanted.ends,
        defaults=wanted.defaults.settings(),
        bounds=wanted.bounds.most(),
    )
    verb = "created" if made else "already exists"
    return ProjectReply(message=f"Project {name} {verb}", project=ProjectShown.of(seen))


@router.get("/{name}", summary="Describe a project")
def describe_project(caller: TokenCaller, projects: ProjectsOfFabric, name: Name) -> ProjectReply:
    """What it is, where it stands, and what you may do with it."""
    return ProjectReply(message=f"Project {name}", project=ProjectShown.of(projects.describe(caller, name)))


@router.patch("/{name}", summary="Change a project's settings")
def change_project(
    caller: TokenCaller,
    projects: ProjectsOfFabric,
    name: Name,
    wanted: ProjectChange,
    dry_run: DryRun = False,
) -> ProjectChangedReply:
    """What is named becomes so; policies follow a new end within seconds. For owners."""
    changes, seen = projects.change(caller, name, wanted.named(), dry_run=dry_run)
    verb = "would change" if dry_run else "changed"
    return ProjectChangedReply(
        message=f"Project {name}: {len(changes)} settings {verb}",
        dry_run=dry_run,
        changes=[ProjectChangeShown.of(change) for change in changes],
        project=ProjectShown.of(seen),
    )


@router.delete("/{name}", summary="End a project")
def end_project(
    caller: TokenCaller, endings: EndingsOfFabric, name: Name, dry_run: DryRun = False
) -> ProjectEndedReply:
    """Nobody has a right on it any more; topics and all their records go a minute later. For owners."""
    if dry_run:
        plan = endings.plan(caller, name)
        what = f"{len(plan.topics)} topics, {len(plan.groups)} consumer groups, {plan.grants} grants"
        return ProjectEndedReply(
            message=f"Project {name} would end: {what}", dry_run=True, plan=EndPlanShown.of(plan)
        )
    verb = "has ended" if endings.end(caller, name) else "had ended before"
    return ProjectEndedReply(message=f"Project {name} {verb}", dry_run=False)


@router.get("/{name}/members", summary="List who is in a project")
def list_members(
    caller: TokenCaller,
    members: MembersOfFabric,
    name: Name,
    to: OfGrantee,
    limit: Limit = 100,
    after: After = None,
) -> GrantsReply:
    """Members and owners, people and groups. For whoever is in it."""
    return grants_reply(members.listed(caller, name, of=to), limit, after)


@router.post("/{name}/members", summary="Take somebody into a project")
def add_member(caller: TokenCaller, members: MembersOfFabric, name: Name, wanted: NewMember) -> GrantReply:
    """The person or group has the role, on Kafka within five seconds. For owners."""
    given = members.add(caller, name, wanted.named(), Right(wanted.role), wanted.until)
    return given_reply(given, f"project {name}")


@router.delete("/{name}/members/{grant_id}", summary="Take somebody out of a project")
def remove_member(
    caller: TokenCaller, members: MembersOfFabric, name: Name, grant_id: GrantId
) -> GrantTakenReply:
    """The role is over, on Kafka within five seconds. For owners; and for you, unless you are the last."""
    return taken_reply(grant_id, members.remove(caller, name, grant_id))


@router.get("/{name}/grants", summary="List with whom a project is shared")
def list_project_grants(
    caller: TokenCaller,
    sharing: SharingOfFabric,
    name: Name,
    to: OfGrantee,
    limit: Limit = 100,
    after: After = None,
) -> GrantsReply:
    """Those on the whole project; members stand elsewhere, and so do grants on single topics."""
    return grants_reply(sharing.grants(caller, name, None, to=to), limit, after)


@router.post("/{name}/grants", summary="Share a whole project")
def share_project(caller: TokenCaller, sharing: SharingOfFabric, name: Name, wanted: NewGrant) -> GrantReply:
    """The person or group has the right on every topic, those to come too, on Kafka within five seconds."""
    given = sharing.give(caller, name, None, wanted.named(), Right(wanted.right), wanted.until)
    return given_reply(given, f"project {name}")


@router.delete("/{name}/grants/{grant_id}", summary="Take a grant on a project back")
def unshare_project(
    caller: TokenCaller, sharing: SharingOfFabric, name: Name, grant_id: GrantId
) -> GrantTakenReply:
    """The grant gives nothing any more, on Kafka within five seconds. Your own may be given up so, too."""
    return taken_reply(grant_id, sharing.take(caller, name, None, grant_id))


@router.post("/{name}/transfer", summary="Hand a project over")
def transfer_project(
    caller: TokenCaller, members: MembersOfFabric, name: Name, wanted: Transfer
) -> GrantReply:
    """Somebody else owns it, and you do no more. For owners."""
    given = members.transfer(caller, name, wanted.to, keep_me=wanted.keep_me)
    return given_reply(given, f"project {name}")
