"""Anybody's own provider, by the contract in docs/standard-provider.md.

``provider`` what we ask for · ``contract`` the bodies of requests, answers and webhooks · ``webhooks`` what we are
told.
"""
