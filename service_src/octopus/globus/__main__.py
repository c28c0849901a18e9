"""``python -m octopus.globus``: the stand-in, until SIGTERM; exit status 2 when it must not start here."""

from __future__ import annotations

import signal
import sys

import uvicorn
from pydantic import ValidationError

from octopus import log
from octopus.globus.app import create_app
from octopus.globus.settings import RefusedError, StandInSettings, check_alone


def main() -> int:
    """Serve, and return the exit status."""
    # uvicorn takes the signal while it serves and raises it again when it is done: that is a clean end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = StandInSettings.model_validate({})
        check_alone(settings)
        app = create_app(settings)
    except ValidationError as error:
        wrong = "; ".join(f"OCTOPUS_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors())
        sys.stderr.write(f"the Globus stand-in is not configured: {wrong}\n")
        return 2
    except (RefusedError, PermissionError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.configure(process="globus", level=settings.log_level)
    # No access log: the address of the page that shows a code holds the code.
    uvicorn.run(
        app,
        host=settings.globus_host,
        port=settings.globus_port,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
