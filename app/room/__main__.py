"""``python -m app.room``: the room alone, for trying a server of the standard contract by itself."""

from __future__ import annotations

import argparse
import os
import sys

from app.room.local_room import DEFAULT_PORT, LocalRoom
from app.room.server import serve


def main() -> None:
    """Read the options, and run the room."""
    parser = argparse.ArgumentParser(prog="python -m app.room", description="A call provider on this machine.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="where to listen (%(default)s)")
    parser.add_argument("--webhook-url", help="where to send webhooks, such as …/webhooks/standard")
    parser.add_argument("--ice-server", action="append", default=[], help="stun:… or turn:…; may be repeated")
    options = parser.parse_args()
    try:
        serve(options.port, options.webhook_url, options.ice_server, _introduce)
    except OSError as error:
        sys.exit(f"The room cannot listen on port {options.port} ({_reason(error)}): name another one with --port.")
    except (ValueError, OverflowError) as error:
        sys.exit(str(error))


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)


def _introduce(room: LocalRoom) -> None:
    lines = [f"The room listens at {room.url}", *(f"{name}={value}" for name, value in room.settings().items())]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
