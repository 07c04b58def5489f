"""The local room: a small call provider on this machine, the other side of docs/standard-provider.md.

It knows nothing of the app but that page, and imports nothing of ours.

``local_room`` what tests and demos start · ``server`` the same for a command line · ``loopback`` the HTTP server ·
``web`` the WSGI application: ``api`` for the app, ``page`` and ``browser_api`` for people, ``streams`` to a browser ·
``meetings`` all of them, ``meeting`` the rules of one, ``connections`` who is in · ``webhooks`` what is told to the
app, ``posting`` how · ``static`` and ``templates`` the page itself.
"""

from app.room.local_room import LocalRoom

__all__ = ["LocalRoom"]
