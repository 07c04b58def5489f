"""Jitsi as a Service by 8x8. https://developer.8x8.com/jaas/docs

``provider`` what we can ask for · ``commands`` its API · ``tokens`` what proves who we and our people are ·
``webhooks`` what it tells us.
"""
