"""``python -m app``."""

from app import logs
from app.cli import main

if __name__ == "__main__":
    # For what is logged before a command sets up its own: else Python would write it out as it is, secrets and all.
    logs.set_up("WARNING")
    raise SystemExit(main())
