"""The room as a WSGI application."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from app.room.api import api
from app.room.browser_api import browser_api
from app.room.errors import Refused
from app.room.limits import LARGEST_BODY
from app.room.meetings import Meetings
from app.room.page import pages

# Always this machine: a page of a foreign name that resolves to it must not reach us.
_OUR_NAMES = ["127.0.0.1", "localhost"]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_app(
    meetings: Meetings, api_key: str, base_url: Callable[[], str], ice_servers: tuple[str, ...] = ()
) -> Flask:
    """The contract's requests, the pages for people, and what their browsers ask."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["TRUSTED_HOSTS"] = _OUR_NAMES
    app.register_blueprint(api(meetings, api_key, base_url))
    app.register_blueprint(pages(meetings, ice_servers))
    app.register_blueprint(browser_api(meetings))
    app.after_request(_add_headers)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    # The page's files change with the program, so they are asked for again each time; all else is never kept.
    response.headers["Cache-Control"] = "no-cache" if request.endpoint == "static" else "no-store"
    return response


def _refused(error: Refused) -> tuple[Response | str, int]:
    return _told(error.status, error.message)


def _http_error(error: HTTPException) -> tuple[Response | str, int]:
    return _told(error.code or 500, error.description or error.name)


def _told(status: int, message: str) -> tuple[Response | str, int]:
    """In JSON for programs, as a page for people."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return render_template("notice.html", heading="Nothing to see here", words=message, link=None), status
    return jsonify({"error": {"message": message}}), status
