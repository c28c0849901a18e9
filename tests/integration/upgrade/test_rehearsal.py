"""From the last release to this tree and back, with all of the data, by the script that anybody runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_upgrade_and_the_way_back_lose_nothing_and_old_keys_work_throughout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = subprocess.run([ROOT / "scripts" / "rehearse-upgrade"], stdout=subprocess.PIPE, text=True)
    with capsys.disabled():
        sys.stdout.write(done.stdout)  # for the report of `make prove`
    figures = json.loads(done.stdout)
    assert figures["lost"] == []
    assert done.returncode == 0
    assert (figures["people"], figures["grants"], figures["records"]) == (50, 200, 10_000)
    assert figures["steady client"]["acknowledged"] > 0
