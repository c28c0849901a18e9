"""HTTP of quotas: ``/quota``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from octopus.access.models import Right
from octopus.access.refusal import refused
from octopus.access.service import Access
from octopus.projects.names import is_project_name
from octopus.projects.service import Projects
from octopus.quotas.models import Holder, QuotaReply
from octopus.quotas.rates import KafkaRates
from octopus.quotas.service import Quotas
from octopus.web.authentication import TokenCaller
from octopus.web.errors import DOCUMENTED

router = APIRouter(prefix="/api/v3", tags=["Quota"], responses=DOCUMENTED)


@router.get("/quota", summary="What you may take, and what you have taken", response_model=QuotaReply)
def show_quota(
    request: Request,
    caller: TokenCaller,
    project: Annotated[
        str | None, Query(description="A project of yours, instead of yourself.", examples=["beamline-7"])
    ] = None,
) -> QuotaReply:
    """Limits of all your namespaces together, or of one project.

    Rates of Kafka are over all brokers, and each broker holds you to its share.
    """
    quotas: Quotas = request.app.state.quotas
    rates: KafkaRates = request.app.state.rates
    if project is None:
        projects: Projects = request.app.state.projects
        own = quotas.of(Holder(caller.subject, False), projects=len(projects.made(caller)))
        return QuotaReply(message=f"Quotas of {caller.subject}", quotas=own, note=rates.refused)
    access: Access = request.app.state.access
    if not is_project_name(project):
        raise refused(caller.subject, project)  # a person's own namespace counts with all that is his
    access.require(caller, project, None, Right.MEMBER, Right.OWNER)
    return QuotaReply(message=f"Quotas of {project}", quotas=quotas.of(Holder(project, True)))
