"""Zoom, by a Server-to-Server OAuth app. https://developers.zoom.us/docs/internal-apps/s2s-oauth/

``account`` is the settings; ``tokens`` is who we are, and ``scopes`` what we may; ``api`` asks. ``meetings`` and
``links`` are what we ask for, ``search`` finds a meeting again, ``dashboard`` is who is in, ``check`` whether we can
ask all that, ``webhooks`` what Zoom tells; ``people`` is somebody in a meeting, as the dashboard and webhooks both tell
it. ``provider`` puts them together.
"""
