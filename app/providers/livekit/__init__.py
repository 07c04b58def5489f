"""LiveKit, self-hosted or Cloud. https://docs.livekit.io

``provider`` what we can ask for · ``rooms`` its server API · ``tokens`` what proves who we and our people are ·
``webhooks`` what it tells us.
"""
