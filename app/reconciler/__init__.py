"""Makes Slack and the provider match what is wanted.

``apply`` performs one operation · ``worker`` takes a call, plans, has operations applied until nothing can be done
now, and gives it back · ``bell`` wakes workers that have nothing to do.

Nothing here trusts what woke it: it looks at the stored call, plans, does the first thing that may go, and looks again.
"""
