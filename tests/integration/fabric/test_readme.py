"""The README's examples, run in the order in which a reader types them, in one shell."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.integration.fabric.conftest import ROOT, SDK_PYTHON, RunningFabric

_BLOCK = re.compile(r"^```(bash|python sdk|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = ROOT / ".venv" / "bin" / "python"


def test_readme_examples_run(fabric: RunningFabric, tmp_path: Path) -> None:
    blocks = _BLOCK.findall((ROOT / "README.md").read_text())
    assert [kind for kind, _ in blocks] == ["bash", "python sdk", "python", *["bash"] * 6]
    lines = ["set -euo pipefail", f'PATH="{ROOT / ".venv" / "bin"}:$PATH"']
    for number, (kind, text) in enumerate(blocks):
        if kind == "bash":
            lines.append(text)
            continue
        script = tmp_path / f"example-{number}.py"
        script.write_text(text)
        lines.append(f'"{SDK_PYTHON if kind == "python sdk" else PYTHON}" "{script}"')
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        env=fabric.plain_environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"celsius": 21.5}' in done.stdout
    assert '"message":"Topic recreated"' in done.stdout
    assert re.search(r"bob@stand-in.octopus +read +grant", done.stdout), done.stdout
    assert "partitions: 4 -> 8" in done.stdout, done.stdout
