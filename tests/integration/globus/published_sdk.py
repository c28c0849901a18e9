"""The published SDK's interactive login, unmodified, by documented variables alone, through the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.integration.globus.browser import code_from_page
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
SDK_PYTHON = ROOT / ".venv-sdk" / "bin" / "python"

_LOGIN = """
import json
from diaspora_event_sdk import Client
client = Client()
print(json.dumps({"subject": client.subject_openid, "namespace": client.namespace}))
"""
_AUTHORIZE_URL = re.compile(rb"https?://\S+/v2/oauth2/authorize\?\S+")


def environment(*, auth_url: str, user_dir: Path) -> dict[str, str]:
    """Variables that the SDK and globus-sdk document; ``auth_url`` ends with a slash."""
    return {
        "PATH": os.environ["PATH"],
        "DIASPORA_SDK_ENVIRONMENT": "local",
        "DIASPORA_USER_DIR": str(user_dir),
        "GLOBUS_SDK_SERVICE_URL_AUTH": auth_url,
    }


def log_in(*, auth_url: str, user_dir: Path, identity: str) -> dict[str, Any]:
    """Log the SDK in as this identity: its address is opened, the code from the page typed on its terminal.

    Afterwards ``user_dir`` holds its tokens, and an SDK process with the same ``environment`` is logged in.

    Returns:
        ``subject`` and ``namespace`` as the SDK has them.
    """
    process = subprocess.Popen(
        [SDK_PYTHON, "-c", _LOGIN],
        env=environment(auth_url=auth_url, user_dir=user_dir),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            code = code_from_page(_authorize_url(process), identity)
            output, errors = process.communicate(f"{code}\n".encode(), timeout=PATIENCE_S)
        finally:
            if process.poll() is None:
                process.kill()
    if process.returncode != 0:
        raise RuntimeError(f"the SDK's login ended with {process.returncode}: {errors.decode()}")
    return _result(output)


def use(*, auth_url: str, user_dir: Path) -> dict[str, Any]:
    """``subject`` and ``namespace`` of an SDK process that finds its tokens in ``user_dir``."""
    done = subprocess.run(
        [SDK_PYTHON, "-c", _LOGIN],
        env=environment(auth_url=auth_url, user_dir=user_dir),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the SDK ended with {done.returncode}: {done.stderr.decode()}")
    return _result(done.stdout)


def _authorize_url(process: subprocess.Popen[bytes]) -> str:
    if process.stdout is None:
        raise ValueError("the SDK's output is not read")
    for line in process.stdout:
        found = _AUTHORIZE_URL.search(line)
        if found:
            return found.group().decode()
    raise RuntimeError("the SDK ended without showing an address to log in at")


def _result(output: bytes) -> dict[str, Any]:
    # The prompt for the code has no line end, so the object follows it on the same line.
    text = output.decode()
    result: dict[str, Any] = json.loads(text[text.rindex("{") :])
    return result
