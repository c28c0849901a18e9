"""Projects on a simulated registry and brokers in memory."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from octopus.access.models import Grant, Right
from octopus.access.rights import EVERYBODYS
from octopus.accounts.emptying import Emptying
from octopus.audit.trail import Trail
from octopus.iam.generate import PolicyTooLargeError
from octopus.iam.holdings import Holdings
from octopus.identity.models import Caller
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.groups import GroupAdmin
from octopus.kafka.quotas import QuotaAdmin
from octopus.projects.ending import Endings
from octopus.projects.handover import Handovers
from octopus.projects.members import Members
from octopus.projects.models import Seen
from octopus.projects.service import Projects
from octopus.projects.store import ProjectStore
from octopus.quotas.service import Quotas
from octopus.quotas.store import QuotaStore
from octopus.registry.leases import Leases
from octopus.sharing.grantees import Grantees, Named
from octopus.sharing.room import Room
from octopus.sharing.service import Sharing
from octopus.topics.service import Topics
from octopus.topics.settings import TopicSettings
from octopus.topics.store import TopicStore
from octopus.topics.turns import Turns
from tests.globus_doubles import MemoryMemberships, MemoryPeople
from tests.unit.access.world import World, caller, identity
from tests.unit.topics.world import BOUNDS, LIMITS

LAST_REQUESTS_S = 60.0
MOST_MADE = 3
GRACE = timedelta(days=30)


class Lab:
    """All features that have to do with projects, and Ada, who makes them."""

    def __init__(self, client: Any, table: str, kafka: TopicAdmin, groups: GroupAdmin) -> None:
        self.world = World(client, table)
        self.people = MemoryPeople()
        self.memberships = MemoryMemberships()
        clock = self.world.clock
        self.leases = Leases(client, table, clock=clock)
        trail = Trail(client, table, kept_days=1)
        self.access = self.world.access
        self.store = ProjectStore(client, table, clock=clock)
        grantees = Grantees(self.people, self.memberships)
        quotas = Quotas(
            store=QuotaStore(client, table, unbounded_partition_bytes=1),
            leases=self.leases,
            trail=trail,
            defaults=LIMITS,
            groups=groups,
            kafka=QuotaAdmin(dict),
        )
        self.turns = Turns(
            store=TopicStore(client, table, clock=clock),
            leases=self.leases,
            access=self.access,
            quotas=quotas,
            trail=trail,
        )
        self.topics = Topics(turns=self.turns, kafka=kafka, bounds=BOUNDS)
        self.projects = Projects(
            store=self.store,
            leases=self.leases,
            access=self.access,
            refreshes=self.world.refreshes,
            trail=trail,
            kafka=kafka,
            groups=groups,
            bounds=BOUNDS,
            most_made=lambda _subject: MOST_MADE,
            grace=GRACE,
            clock=clock,
        )
        room = Room(self.access, self._write)
        self.members = Members(
            access=self.access, leases=self.leases, grantees=grantees, room=room, clock=clock
        )
        self.handovers = Handovers(
            store=self.store,
            leases=self.leases,
            access=self.access,
            grantees=grantees,
            room=room,
            clock=clock,
        )
        self.sharing = Sharing(
            access=self.access,
            grantees=grantees,
            room=room,
            people=self.people,
            find_topic=self.turns.find,
            table=table,
            clock=clock,
        )
        self.endings = Endings(
            store=self.store,
            leases=self.leases,
            access=self.access,
            refreshes=self.world.refreshes,
            trail=trail,
            emptying=Emptying(topics=self.topics, groups=groups, access=self.access),
            last_requests_s=LAST_REQUESTS_S,
        )
        self.most_rights = 100
        """That IAM takes of one person."""
        self.ada = self.person("ada@example.org")

    def _write(self, holdings: Holdings) -> None:
        beside = len(holdings - EVERYBODYS)
        if beside > self.most_rights:
            raise PolicyTooLargeError(f"{beside} rights, and IAM takes {self.most_rights}")

    def person(self, username: str, *linked: str) -> Caller:
        """Somebody whom Globus Auth knows."""
        return caller(self.people.add(username, identity()), *linked)

    def team(self, name: str, *members: Caller) -> str:
        """A group of these people, which the fabric is shown."""
        made = self.world.group(*(one.subject for one in members))
        self.memberships.names[made] = name
        self.memberships.members[made] = {one.subject for one in members}
        return made

    def create(self, name: str, *, ends: datetime | None = None, by: Caller | None = None) -> Seen:
        """A project of Ada's, or somebody else's."""
        seen, _ = self.projects.create(
            by or self.ada,
            name,
            description="",
            contact="",
            ends=ends,
            defaults=TopicSettings(),
            bounds={},
        )
        return seen

    def add(self, name: str, who: str, role: Right = Right.MEMBER, until: datetime | None = None) -> Grant:
        """Ada takes somebody in."""
        return self.members.add(self.ada, name, Named(who=who), role, until).grant

    def roles(self, name: str) -> set[tuple[str, str]]:
        """Who is in a project: user or group id, and role."""
        grants = self.access.grants_on(name, "*")
        return {(grant.grantee.id, grant.right.value) for grant in grants}

    def events(self, name: str) -> list[str]:
        """Types of the audit's events of a project, in order."""
        rows = self.world.client.query(
            TableName=self.world.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"AUDIT#namespace#{name}"}},
        )["Items"]
        return [json.loads(row["event"]["S"])["type"] for row in rows]

    def settle(self) -> None:
        """What the background does once everything is due."""
        for _ in range(4):
            self.world.now += LAST_REQUESTS_S + 1
            self.world.refreshes.work_off()
            self.endings.heal_all()
            self.projects.freeze_due()
