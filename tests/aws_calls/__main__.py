"""``python -m tests.aws_calls MODULE``: run a module of the platform, its calls to AWS written to a file."""

from __future__ import annotations

import runpy
import sys

from tests.aws_calls.recording import record_process

record_process()
runpy.run_module(sys.argv[1], run_name="__main__", alter_sys=True)
