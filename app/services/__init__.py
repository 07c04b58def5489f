"""Use cases, the only writers of what is wanted and known of a call.

``calls`` start, end, rename, list · ``deliveries`` a provider's webhook · ``replay`` one again · ``visits`` somebody at
the join page · ``accounts`` where a call is held · ``account_settings`` and ``workspaces`` what people choose ·
``homes`` and ``home_settings`` what they see on the Home · ``changes`` who has changed what · ``callers`` who wishes,
and whether they may · ``operating`` what an operator does to one call · ``installing`` and what belongs to it, the app
in a workspace.

Each is one transaction and a nudge; the reconciler does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

Nudge = Callable[[], None]
"""Tells the workers that there is work; called after the commit."""

NEWS_WAIT = timedelta(seconds=2)
"""A call that waits for its place in one lane looks up after so long when there is news: another lane may be free."""
