"""The ``credential_process`` of a profile: prints the key in a file, with an end where a client needs one."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

key = {"Version": 1, **json.loads(Path(sys.argv[1]).read_text())}
if "KEY_LIFE_S" in os.environ:
    end = datetime.now(UTC) + timedelta(seconds=int(os.environ["KEY_LIFE_S"]))
    key["Expiration"] = end.isoformat(timespec="seconds")
sys.stdout.write(json.dumps(key))
