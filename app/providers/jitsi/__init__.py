"""Jitsi Meet on a server of one's own. https://jitsi.github.io/handbook/

``provider`` what we can ask for · ``rooms`` how a meeting is called where · ``tokens`` what proves who we and our
people are · ``webhooks`` what Prosody's mod_event_sync tells us · ``modules`` what Prosody's optional modules answer ·
``web_app`` what the web app knows of its server.
"""
