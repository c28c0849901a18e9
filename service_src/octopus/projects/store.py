"""Projects in the registry.

Rows (pk / sk):
    ``NAMESPACE#<name>`` / ``NAMESPACE``: owner (`PROJECT_OWNER`), state, created, created_by, description,
        contact, ends (S, ISO-8601 UTC), defaults and bounds (S, JSON); ended_by, and withdrawn (N, s since
        epoch), while it is being removed. Of one that has ended, owner, state, created, ended and ended_by
        are left for ever: its name is never given again. Its topics are rows of the same partition
        (`octopus.topics.store`).
    ``MADE#<subject>`` / ``<name>``: who made it, until nothing of it is left.
    ``PENDING#project`` / ``<name>``: while it is being removed.
    ``ENDS#<day>`` / ``project#<name>``: its end (`octopus.registry.ends`).
Its members are grants (`octopus.access`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from octopus.accounts.models import State
from octopus.audit.events import FABRIC
from octopus.projects.models import Project
from octopus.registry.ends import End, EndKind, Ends
from octopus.registry.leases import Lease
from octopus.registry.pending import Pending
from octopus.registry.reading import Key, Row, read_rows, rows_of
from octopus.registry.transactions import write_together
from octopus.topics.models import PROJECT_OWNER
from octopus.topics.settings import TopicSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_NAMESPACE = "NAMESPACE#"


class ProjectStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._ends = Ends(client, table, clock=clock)
        self.pending = Pending(client, table, "project", clock=clock)

    def taken(self, name: str) -> bool:
        """Whether the name is, or ever was, a namespace's."""
        return bool(read_rows(self._client, self._table, [_key(name)]))

    def read(self, name: str) -> Project | None:
        """The project, in use or being removed; None when there is none of that name."""
        return self.read_all([name]).get(name)

    def read_all(self, names: Iterable[str]) -> dict[str, Project]:
        """Those of these namespaces that are projects, in use or being removed, by name."""
        rows = read_rows(self._client, self._table, map(_key, names)).values()
        found = [_project(row) for row in rows if _is_project(row)]
        return {project.name: project for project in found}

    def made_by(self, subject: str) -> frozenset[str]:
        """Names of the projects that the subject made, whoever owns them, until nothing of them is left."""
        return frozenset(row["sk"]["S"] for row in rows_of(self._client, self._table, _made_by(subject)))

    def made(self, project: Project) -> list[TransactWriteItemTypeDef]:
        """Items of the transaction that makes a project; it fails when the name is taken."""
        claim: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_row(project.name),
                    "owner": {"S": PROJECT_OWNER},
                    "state": {"S": project.state},
                    "created": {"S": project.created},
                    "created_by": {"S": project.created_by},
                    **_settings(project),
                },
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        maker = {"pk": {"S": _made_by(project.created_by)}, "sk": {"S": project.name}}
        return [
            claim,
            {"Put": {"TableName": self._table, "Item": maker}},
            *self._set_end(project),
        ]

    def add(self, project: Project, lease: Lease, further: Sequence[TransactWriteItemTypeDef]) -> None:
        """Make the project, together with what follows from it.

        Raises:
            ConditionFailedError: the name is taken, or the turn was lost; nothing was written.
        """
        write_together(self._client, [*self.made(project), lease.check(), *further])

    def change(
        self, before: Project, after: Project, lease: Lease, further: Sequence[TransactWriteItemTypeDef]
    ) -> None:
        """Give the project other settings, together with what follows from them.

        Raises:
            ConditionFailedError: it is being removed, or the turn was lost; nothing was written.
        """
        settings = _settings(after)
        chosen = ", ".join(f"#{name} = :{name}" for name in settings)
        update = self._update(
            after.name,
            f"SET {chosen}" if after.ends else f"SET {chosen} REMOVE #ends",
            while_in=State.ACTIVE,
            names={f"#{name}": name for name in {*settings, "ends"}},
            values={f":{name}": value for name, value in settings.items()},
        )
        moved = [] if before.ends == after.ends else self._move_end(before, after)
        write_together(self._client, [update, *moved, lease.check(), *further])

    def ended_by(self, name: str) -> str | None:
        """Subject of whoever ended the project of that name, long ago too; None when nobody did."""
        row = read_rows(self._client, self._table, [_key(name)]).get(_key(name), {})
        return _ended_by(row)

    def begin_removal(
        self, project: Project, subject: str, lease: Lease, further: Sequence[TransactWriteItemTypeDef]
    ) -> None:
        """From now on nobody has a right on it, and it is pending until nothing of it is left.

        Raises:
            ConditionFailedError: it is being removed already, or the turn was lost; nothing was written.
        """
        state = self._update(
            project.name,
            "SET #state = :after, ended_by = :subject",
            while_in=State.ACTIVE,
            values={":after": {"S": State.DELETING}, ":subject": {"S": subject}},
        )
        begun = self.pending.begun(project.name, due_in_s=0)
        write_together(self._client, [state, begun, *self._unset_end(project), lease.check(), *further])

    def withdrawn(self, project: Project, lease: Lease, *, due_in_s: float) -> None:
        """Note that nobody's policy names it any more; the removal goes on in ``due_in_s`` seconds."""
        note = self._update(
            project.name,
            "SET withdrawn = :now",
            while_in=State.DELETING,
            values={":now": {"N": f"{self._clock():.3f}"}},
        )
        again = self.pending.begun(project.name, due_in_s=due_in_s)
        write_together(self._client, [note, again, lease.check()])

    def end_removal(
        self, project: Project, lease: Lease, further: Sequence[TransactWriteItemTypeDef]
    ) -> None:
        """Nothing is left but the name, which is never given again, and who ended it."""
        tombstone: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **_row(project.name),
                    "owner": {"S": PROJECT_OWNER},
                    "state": {"S": State.ENDED},
                    "created": {"S": project.created},
                    "ended_by": {"S": project.ended_by or FABRIC},
                    "ended": {"S": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")},
                },
            }
        }
        maker = {"pk": {"S": _made_by(project.created_by)}, "sk": {"S": project.name}}
        unmade: TransactWriteItemTypeDef = {"Delete": {"TableName": self._table, "Key": maker}}
        ended = self.pending.ended(project.name)
        write_together(self._client, [tombstone, unmade, ended, lease.check(), *further])

    def settle(self, name: str, lease: Lease) -> None:
        """Note that nothing of the project is half-done."""
        write_together(self._client, [self.pending.ended(name), lease.check()])

    def over(self) -> Iterator[End]:
        """Ends of projects that have come and that nobody has seen to."""
        return self._ends.over(EndKind.PROJECT)

    def see_to(self, end: End, further: Sequence[TransactWriteItemTypeDef]) -> None:
        """Note that somebody has seen to an end that has come, together with what follows from it.

        Raises:
            ConditionFailedError: it was moved, or seen to, meanwhile; nothing was written.
        """
        seen = self._ends.unset(end)
        seen["Delete"]["ConditionExpression"] = "#at = :at"
        seen["Delete"]["ExpressionAttributeNames"] = {"#at": "at"}
        seen["Delete"]["ExpressionAttributeValues"] = {":at": {"S": end.at.isoformat(timespec="seconds")}}
        write_together(self._client, [seen, *further])

    def _update(
        self,
        name: str,
        expression: str,
        *,
        while_in: State,
        values: Mapping[str, dict[str, str]],
        names: Mapping[str, str] | None = None,
    ) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": _row(name),
                "UpdateExpression": expression,
                "ConditionExpression": "#state = :while_in",
                "ExpressionAttributeNames": {"#state": "state", **(names or {})},
                "ExpressionAttributeValues": {":while_in": {"S": while_in}, **values},
            }
        }

    def _set_end(self, project: Project) -> list[TransactWriteItemTypeDef]:
        return [self._ends.set(_end(project, project.ends))] if project.ends else []

    def _unset_end(self, project: Project) -> list[TransactWriteItemTypeDef]:
        return [self._ends.unset(_end(project, project.ends))] if project.ends else []

    def _move_end(self, before: Project, after: Project) -> list[TransactWriteItemTypeDef]:
        old, new = ([_end(one, one.ends)] if one.ends else [] for one in (before, after))
        # Both ends of one day are one row, and a transaction takes one item of a row.
        gone = [] if [end.day for end in old] == [end.day for end in new] else self._unset_end(before)
        return [*gone, *self._set_end(after)]


def _end(project: Project, at: datetime) -> End:
    return End(EndKind.PROJECT, project.name, at)


def _settings(project: Project) -> dict[str, dict[str, str]]:
    settings = {
        "description": {"S": project.description},
        "contact": {"S": project.contact},
        "defaults": {"S": json.dumps(project.defaults.told(), sort_keys=True)},
        "bounds": {"S": json.dumps(dict(project.bounds), sort_keys=True)},
    }
    if project.ends is not None:
        settings["ends"] = {"S": project.ends.astimezone(UTC).isoformat(timespec="seconds")}
    return settings


def _project(row: Row) -> Project:
    return Project(
        name=row["pk"]["S"].removeprefix(_NAMESPACE),
        state=State(row["state"]["S"]),
        description=row["description"]["S"],
        contact=row["contact"]["S"],
        ends=datetime.fromisoformat(row["ends"]["S"]) if "ends" in row else None,
        defaults=TopicSettings.model_validate_json(row["defaults"]["S"]),
        bounds=json.loads(row["bounds"]["S"]),
        created=row["created"]["S"],
        created_by=row["created_by"]["S"],
        withdrawn=float(row["withdrawn"]["N"]) if "withdrawn" in row else None,
        ended_by=_ended_by(row),
    )


def _ended_by(row: Row) -> str | None:
    return row["ended_by"]["S"] if "ended_by" in row else None


def _is_project(row: Row) -> bool:
    return bool(row["owner"]["S"] == PROJECT_OWNER and row["state"]["S"] != State.ENDED)


def _made_by(subject: str) -> str:
    return f"MADE#{subject}"


def _key(name: str) -> Key:
    return f"{_NAMESPACE}{name}", "NAMESPACE"


def _row(name: str) -> dict[str, dict[str, str]]:
    pk, sk = _key(name)
    return {"pk": {"S": pk}, "sk": {"S": sk}}
