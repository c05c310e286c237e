"""One of the processes that serve a project together: `python -m cluster.process FOLDER PORT SECONDS ROLE...`.

It is what `fireflower serve` runs, but leases run out after so many seconds, and the kernel is not compiled, so that a
process is there at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fireflower.app.live import delivering
from fireflower.app.live.service import Service
from fireflower.app.project import open_project
from fireflower.cli.logs import write_logs
from fireflower.model.moments import SECOND
from fireflower.web.listening import listen
from fireflower.web.serving import Site, serve


def main(folder: str, port: str, seconds: str, *roles: Any) -> None:
    write_logs("text")
    delivering._LEASE = 3 * SECOND
    service = Service(open_project(Path(folder)), compiled=False, roles=roles, lease=float(seconds))
    serve(Site(service), listen("127.0.0.1", int(port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
