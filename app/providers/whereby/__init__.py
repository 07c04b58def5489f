"""Whereby Embedded. https://docs.whereby.com

``provider`` what we can ask for · ``meetings`` its API · ``links`` an address for each person · ``webhooks`` what it
tells us.
"""
