"""How much of everything there may be, and how long things last. Lengths in characters, times in seconds."""

from __future__ import annotations

MOST_MEETINGS = 500
MOST_CONNECTIONS = 12
"""In one meeting: each browser sends its picture to every other one."""

MOST_INVITATIONS = 1000
"""To one meeting: links of people's own."""

LONGEST_KEY = 200
LONGEST_TITLE = 200
LONGEST_NAME = 60
LARGEST_BODY = 128 * 1024
"""Bytes in a request; a session description of a call with picture and sound has fewer than 10,000."""
LONGEST_OUTBOX = 1000
"""Messages that wait for one browser. Whoever falls further behind is put out, and joins again."""

PING_SECONDS = 2.0
"""How often a browser is asked for a sign of life."""
LOOK_SECONDS = 0.5
"""How soon a closed stream is noticed."""
GRACE_SECONDS = 6.0
"""How long a browser without a stream stays in, so that a short break of the network is not a leave."""
SILENCE_SECONDS = 10.0
"""How long a browser stays in that has a stream but gives no sign of life."""
EMPTY_SECONDS = 15.0
"""How long an empty meeting waits for somebody to come back (or to load the page again) before it ends."""
MEMORY_SECONDS = 26 * 3600.0
"""How long a meeting that nobody uses, and its key, is remembered."""
