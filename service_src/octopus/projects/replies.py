"""What the routes of projects take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from octopus.access.models import Right
from octopus.pages import Next
from octopus.projects.models import Change, EndPlan, Offer, Seen, Standing
from octopus.sharing.replies import Grantees
from octopus.times import Moment
from octopus.topics.about import Contact, Description
from octopus.topics.settings import MS_AN_HOUR, AskedSettings

_PROJECT: dict[str, JsonValue] = {
    "name": "beamline-7",
    "standing": "active",
    "description": "Detector frames of beamline 7",
    "contact": "ada@example.org",
    "ends": "2027-03-31T22:00:00Z",
    "defaults": {"partitions": 4},
    "bounds": {"partitions": 16},
    "created": "2026-11-22T04:50:31Z",
    "created_by": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44",
    "my_rights": ["manage", "member", "owner", "read", "write"],
    "offers": [],
}

Ends = Annotated[
    Moment | None,
    Field(description="With its zone. From then on the project is read and not written; never, without one."),
]
Defaults = Annotated[
    AskedSettings, Field(description="Of topics that are made without settings of their own.")
]


class AskedBounds(BaseModel):
    """The most that topics of a project may be given; the deployment's bounds where nothing is named."""

    model_config = ConfigDict(extra="forbid")

    partitions: int | None = None
    retention_hours: int | None = None
    retention_bytes: Annotated[int | None, Field(description="Of one partition.")] = None
    max_message_bytes: int | None = None

    def most(self) -> dict[str, int]:
        """By field of `TopicSettings`."""
        named: dict[str, int] = self.model_dump(exclude_none=True, exclude={"retention_hours"})
        if self.retention_hours is not None:
            named["retention_ms"] = self.retention_hours * MS_AN_HOUR
        return named


class NewProject(BaseModel):
    """What a project is to be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "description": "Detector frames of beamline 7",
                "contact": "ada@example.org",
                "ends": "2027-04-01T00:00:00+02:00",
                "defaults": {"partitions": 4},
            }
        },
    )

    description: Description = ""
    contact: Contact = ""
    ends: Ends = None
    defaults: Defaults = AskedSettings()
    bounds: AskedBounds = AskedBounds()


class ProjectChange(BaseModel):
    """Settings that are to be others; those left out stay as they are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"ends": None}})

    description: Description = ""
    contact: Contact = ""
    ends: Ends = None
    defaults: Defaults = AskedSettings()
    bounds: AskedBounds = AskedBounds()

    def named(self) -> dict[str, Any]:
        """What the request names, as `octopus.projects.service` takes it."""
        wanted = {field: getattr(self, field) for field in self.model_fields_set}
        if "defaults" in wanted:
            wanted["defaults"] = self.defaults.settings()
        if "bounds" in wanted:
            wanted["bounds"] = self.bounds.most()
        return wanted


class ProjectShown(BaseModel):
    """A project."""

    model_config = ConfigDict(json_schema_extra={"example": _PROJECT})

    name: str
    standing: Standing
    description: str
    contact: str
    ends: Moment | None
    defaults: dict[str, int | str]
    bounds: Annotated[dict[str, int], Field(description="The most that its topics may be given.")]
    created: Moment
    created_by: str
    my_rights: Annotated[list[Right], Field(description="On the project as a whole.")]
    offers: Annotated[
        list[Offer], Field(description="What its owners may want to do with a project long past its end.")
    ]

    @classmethod
    def of(cls, seen: Seen) -> ProjectShown:
        """A project as replies show it to one caller."""
        project = seen.project
        return cls(
            name=project.name,
            standing=seen.standing,
            description=project.description,
            contact=project.contact,
            ends=project.ends,
            defaults=project.defaults.told(),
            bounds=dict(project.bounds),
            created=datetime.fromisoformat(project.created),
            created_by=project.created_by,
            my_rights=sorted(seen.rights),
            offers=list(seen.offers),
        )


class ProjectReply(BaseModel):
    """A project as it is now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"status": "success", "message": "Project beamline-7 created", "project": _PROJECT}
        }
    )

    status: Literal["success"] = "success"
    message: str
    project: ProjectShown


class ProjectsReply(BaseModel):
    """Projects on which the caller has a right as a whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Found 1 projects",
                "projects": [_PROJECT],
                "next": None,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    projects: list[ProjectShown]
    next: Next


class ProjectChangeShown(BaseModel):
    """A setting that is another."""

    field: str
    before: JsonValue
    after: JsonValue

    @classmethod
    def of(cls, change: Change) -> ProjectChangeShown:
        """A change as replies show it."""
        return cls(field=change.field, before=change.before, after=change.after)


class ProjectChangedReply(BaseModel):
    """What was changed; on a dry run what would be, and the project as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Project beamline-7: 1 settings would change",
                "dry_run": True,
                "changes": [{"field": "ends", "before": "2027-03-31T22:00:00Z", "after": None}],
                "project": _PROJECT,
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    dry_run: bool
    changes: list[ProjectChangeShown]
    project: ProjectShown


class NewMember(Grantees):
    """Who is to be in the project, as what, and until when."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"who": "grace@example.org", "role": "member"}}
    )

    role: Annotated[
        Literal["member", "owner"],
        Field(description="A member reads, writes, makes and deletes topics; an owner decides who may."),
    ] = "member"
    until: Annotated[
        Moment | None, Field(description="When it ends by itself, with its zone; never, without one.")
    ] = None


class Transfer(BaseModel):
    """Who is to own the project in the caller's place."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"to": "grace@example.org", "keep_me": True}}
    )

    to: Annotated[str, Field(max_length=300, description="User name, e-mail address or UUID.")]
    keep_me: Annotated[bool, Field(strict=True, description="Stay a member.")] = False


class EndPlanShown(BaseModel):
    """What goes with a project."""

    topics: Annotated[list[str], Field(description="With all their records.")]
    groups: Annotated[list[str], Field(description="Consumer groups at Kafka.")]
    grants: Annotated[int, Field(description="Memberships too.")]

    @classmethod
    def of(cls, plan: EndPlan) -> EndPlanShown:
        """A plan as replies show it."""
        return cls(topics=list(plan.topics), groups=list(plan.groups), grants=plan.grants)


class ProjectEndedReply(BaseModel):
    """The project has ended; on a dry run, what would go with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Project beamline-7 would end: 1 topics, 0 consumer groups, 3 grants",
                "dry_run": True,
                "plan": {"topics": ["frames"], "groups": [], "grants": 3},
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    dry_run: bool
    plan: Annotated[EndPlanShown | None, Field(description="Of a dry run.")] = None
