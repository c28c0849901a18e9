"""Real templates, changed, and what the guard finds in that."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from stacks.guard import changes, release
from stacks.guard.changes import Change as Found
from tests.infrastructure.conftest import Templates

Templated = dict[str, dict[str, Any]]
Change = Callable[[Templated], object]

TABLE = "foundation/RegistryTableDB777839"
KEY = "foundation/CredentialStoreKey99CCB195"
BUCKET = "foundation/ArchiveBucket49F1AC64"


def found_between(before: Templates, change: Change) -> Iterator[Found]:
    """Return what the guard finds when these templates are changed so."""
    changed = copy.deepcopy(dict(before))
    change(changed)
    return changes.between(release.of_templates(before), release.of_templates(changed))
