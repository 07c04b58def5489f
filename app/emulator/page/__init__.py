"""What people see in a browser: the workspace, the inspector of requests, the table of what is supported.

Everything is rendered here, on the server, as HTML without inline script or style; a page that is open is told of
news (`stream`), asks for itself again and changes only what differs, so nothing flickers and nothing typed is lost.

- who looks at what: `reader` (from the address, so that each tab may be somebody else), `faces`, `places`
- what they see: `timeline` (messages, threads), `cards`, `block_views`, `elements`, `rich_text`, `commands`
- what they send: `forms` (from what a browser sends to what Slack sends)
- the pages: `workspace_page`, `inspector_page`, `coverage_page`, all behind `security`
"""

from flask import Flask

from app.emulator.page.coverage_page import add_coverage
from app.emulator.page.inspector_page import add_inspector
from app.emulator.page.security import harden
from app.emulator.page.workspace_page import add_workspace
from app.emulator.slack import Slack


def add_pages(app: Flask, slack: Slack) -> None:
    """Serve all pages from this application."""
    harden(app)
    add_workspace(app, slack)
    add_inspector(app, slack)
    add_coverage(app, slack)


__all__ = ["add_pages"]
