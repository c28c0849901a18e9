"""The web service's application, assembled from the routes of each feature."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

import octopus.about.routes
import octopus.accounts.own_routes
import octopus.accounts.routes
import octopus.audit.routes
import octopus.catalogue.routes
import octopus.credentials.routes
import octopus.projects.routes
import octopus.public.routes
import octopus.quotas.routes
import octopus.sharing.routes
import octopus.status.routes
import octopus.topics.routes
from octopus.identity.clients import GlobusClients
from octopus.identity.links import IdentityLinks
from octopus.identity.service import Authenticator
from octopus.public.service import open_public
from octopus.settings import ServiceSettings
from octopus.status.service import open_status
from octopus.web import errors, health
from octopus.web.assembly import Features, assemble
from octopus.web.background import Background
from octopus.web.limits import RequestRates
from octopus.web.requests import REQUEST_ID, BoundedBodies, FollowedRequests
from octopus.web.stage import WithoutStage

_DESCRIPTION = """
Topics of an event fabric, self-service: your Globus identity has a namespace, keys and topics; records go
to and from Kafka itself, at the `endpoint` that comes with your key.

A request takes a Globus access token; those of the published SDK take your identity's UUID in the `Subject`
header, too; public records and the status take neither. Every request may be repeated: making what exists
and deleting what is gone both succeed.
"""

_TAGS = [
    {"name": "User", "description": "Your account: an IAM user and a namespace."},
    {"name": "Account", "description": "What hangs on your account, its move to another identity, its end."},
    {"name": "Authentication", "description": "The key that Kafka clients sign with."},
    {"name": "Namespace", "description": "What you own."},
    {
        "name": "Topic",
        "description": "Topics of a namespace; in Kafka they are called `<namespace>.<topic>`.",
    },
    {"name": "Project", "description": "Namespaces that several people own."},
    {"name": "Sharing", "description": "Who may do what with a topic or a project, and why."},
    {"name": "Audit", "description": "What was changed by whom, and what Kafka refused to whom."},
    {"name": "Quota", "description": "How much you may take, and have taken."},
    {"name": "Catalogue", "description": "Topics found by words."},
    {"name": "Public", "description": "What everybody may see, without a token."},
    {"name": "Health", "description": "For whoever watches the service."},
]


def create_app(
    settings: ServiceSettings,
    *,
    features: Features | None = None,
    authenticator: Authenticator | None = None,
) -> FastAPI:
    """The application of one fabric.

    Args:
        settings: of the deployment.
        features: ready-made ones; assembled from the settings when None.
        authenticator: a ready-made one; when None it checks tokens with the features' own Globus client.
    """
    parts = features or assemble(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with Background(parts.leases, parts.jobs, parts.instruments):
            yield
        app.state.dependencies.close()
        app.state.public.close()
        parts.close()

    app = FastAPI(
        title="Octopus",
        version="3",
        summary="A hybrid cloud-to-edge event fabric for science",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        redoc_url=None,
        # A redirect would hold the Host header: an address that the caller chose, or the inner one.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.addresses = parts.addresses
    app.state.accounts = parts.accounts
    app.state.overviews = parts.overviews
    app.state.namespaces = parts.namespaces
    app.state.moves = parts.moves
    app.state.keys = parts.keys
    app.state.sessions = parts.sessions
    app.state.topics = parts.topics
    app.state.configuration = parts.configuration
    app.state.catalogue = parts.catalogue
    app.state.projects = parts.projects
    app.state.members = parts.members
    app.state.endings = parts.endings
    app.state.sharing = parts.sharing
    app.state.audit = parts.audit
    app.state.access = parts.access
    app.state.quotas = parts.quotas
    app.state.rates = parts.rates
    app.state.request_rates = RequestRates(parts.quotas, replicas=settings.service_replicas)
    app.state.authenticator = authenticator or open_authenticator(settings, parts.globus, parts.links)
    app.state.public = open_public(settings, parts.addresses)
    app.state.dependencies = health.dependencies(settings, parts)
    app.state.status = open_status(settings, app.state.dependencies.ask)
    app.include_router(health.router)
    # Addresses that begin with a word come before those that begin with any namespace.
    for feature in (
        octopus.about.routes,
        octopus.accounts.routes,
        octopus.accounts.own_routes,
        octopus.audit.routes,
        octopus.catalogue.routes,
        octopus.credentials.routes,
        octopus.quotas.routes,
        octopus.projects.routes,
        octopus.public.routes,
        octopus.sharing.routes,
        octopus.status.routes,
        octopus.topics.routes,
    ):
        app.include_router(feature.router)
    errors.install(app)
    app.add_middleware(BoundedBodies)
    app.add_middleware(FollowedRequests, instruments=parts.instruments)
    if settings.browser_origins:
        # No cookie is ever looked at: a page has what its token has, and no more.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.browser_origins.split(","),
            allow_methods=["DELETE", "GET", "PATCH", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", "Subject", REQUEST_ID],
            expose_headers=["Retry-After", REQUEST_ID],
        )
    app.add_middleware(WithoutStage)
    return app


def open_authenticator(
    settings: ServiceSettings, globus: GlobusClients, links: IdentityLinks
) -> Authenticator:
    """Checks tokens with the service's own Globus client, and keeps what is linked as it learns it."""
    return Authenticator(
        client_id=globus.client_id,
        secret=globus.secret,
        auth_url=settings.globus_auth_url,
        seen=links.seen,
    )
