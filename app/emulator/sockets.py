"""The address that `apps.connections.open` gives out: here a request becomes a WebSocket."""

from __future__ import annotations

from flask import Flask, Response, request

from app.emulator.slack import Slack
from app.emulator.websocket import WebSocket

TAKE_OVER = "emulator.take_over"
"""The key of the request's environ under which the server hands over the connection itself."""


def add_sockets(app: Flask, slack: Slack) -> None:
    """Serve Socket Mode from this application."""

    def link() -> Response:
        key = request.headers.get("Sec-WebSocket-Key", "")
        if not key:
            return Response("Sec-WebSocket-Key is missing", 400)
        if not slack.socket_mode.take_ticket(request.args.get("ticket", "")):
            return Response("the ticket is not valid", 401)
        websocket = WebSocket(*request.environ[TAKE_OVER]())
        websocket.accept(key)
        slack.socket_mode.serve(websocket)
        return Response()

    @app.get("/link/")
    def no_link() -> Response:
        return Response("a WebSocket is needed here", 426)

    app.add_url_rule("/link/", view_func=link, websocket=True)
