"""``octopus platform delete-account | wipe | transfer-project``: for people who cannot log in any more."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from octopus.audit.events import OPERATOR
from octopus.cli.operator import InstitutionOption, features_of
from octopus.cli.output import JsonOption, print_done, print_line, print_reply
from octopus.cli.plans import (
    DryRunOption,
    YesOption,
    ask,
    print_account_plan,
    print_contents,
    require_an_answer,
)
from octopus.errors import InvalidError, NotFoundError, OctopusError
from octopus.topics.models import PROJECT_OWNER

SubjectArgument = Annotated[UUID, typer.Argument(help="The user's Globus identity (UUID).")]


def register(platform: typer.Typer) -> None:
    """Add these commands to the operator's."""
    platform.command("delete-account")(delete_account)
    platform.command("wipe")(wipe)
    platform.command("transfer-project")(transfer_project)


def delete_account(
    subject: SubjectArgument,
    institution: InstitutionOption,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a user's account with everything in its namespaces, a suspended one too.

    Refused while it is the only owner of a project: transfer that first.
    """
    require_an_answer(yes=yes, dry_run=dry_run, as_json=as_json)
    user = str(subject)
    with features_of(institution) as features:
        if features.accounts.find(user) is None:
            print_done(f"User {user} has no account", as_json)
            return
        if dry_run or not yes:
            # Late: what replies are made of takes as long as the rest of the command line.
            from octopus.accounts.replies import AccountDeletedReply, AccountPlan

            plan = AccountPlan.of(features.overviews.deletion_plan(user))
            reply = AccountDeletedReply(message=f"User {user} would be deleted", dry_run=True, plan=plan)
            print_reply(reply.model_dump(mode="json"), as_json)
            if not as_json:
                print_account_plan(plan.model_dump(mode="json"))
            if dry_run:
                return
            if plan.hindrances:
                raise OctopusError("Nothing was deleted.")
            ask()
        features.accounts.delete(user, further_too=True, actor=OPERATOR)
    print_done(f"User {user} deleted", as_json)


def wipe(
    namespace: Annotated[str, typer.Argument(metavar="NAMESPACE", help="Of a user: ns-3f2a5c1b9e44.")],
    institution: InstitutionOption,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete the topics of a user's namespace with all records, its consumer groups and the grants on it."""
    require_an_answer(yes=yes, dry_run=dry_run, as_json=as_json)
    with features_of(institution) as features:
        owner = features.access.owner(namespace)
        if owner is None:
            raise NotFoundError(f"There is no namespace {namespace}")
        if owner == PROJECT_OWNER:
            raise InvalidError(f"namespace: {namespace} is a project's: transfer it to whoever shall end it")
        # Late: as above.
        from octopus.accounts.replies import ContentsShown, NamespaceWipedReply

        if dry_run or not yes:
            shown = ContentsShown.of(features.namespaces.contents(owner, namespace, actor=OPERATOR))
            reply = NamespaceWipedReply(
                message=f"Namespace {namespace} of {owner} would be wiped",
                dry_run=True,
                namespace=namespace,
                contents=shown,
            )
            print_reply(reply.model_dump(mode="json"), as_json)
            if not as_json:
                print_contents(namespace, shown.model_dump(mode="json"))
            if dry_run:
                return
            ask()
        contents, in_use = features.namespaces.wipe(owner, namespace, actor=OPERATOR)
    done = NamespaceWipedReply(
        message=f"Namespace {namespace} of {owner} wiped",
        dry_run=False,
        namespace=namespace,
        contents=ContentsShown.of(contents),
        groups_in_use=in_use,
    )
    print_reply(done.model_dump(mode="json"), as_json)
    if in_use and not as_json:
        print_line(f"Left, because consumers are in them: {', '.join(in_use)}")


def transfer_project(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the project.")],
    to: Annotated[str, typer.Option("--to", metavar="WHO", help="User name, e-mail address or UUID.")],
    institution: InstitutionOption,
    as_json: JsonOption = False,
) -> None:
    """Give a project to another owner, who is the only one from then on; members, grants and topics stay."""
    with features_of(institution) as features:
        given = features.handovers.hand_over(name, to)
    print_done(f"Project {name} is owned by {given.shown_as or given.grantee.id}", as_json)
