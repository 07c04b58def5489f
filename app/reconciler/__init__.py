"""Makes Slack and the provider match what is wanted.

``worker`` the loop and its unit: claim a call, work on it · ``turn`` what is done with a claimed call, and about each
failure · ``claimed`` what is read and written of it, fenced by the lease · ``apply`` performs one operation · ``news``
what a refusal tells · ``audit`` what a look at the meeting tells · ``watch`` what time has to say · ``homes``
publishes Homes · ``sweep`` drops what is no longer kept · ``units`` keeps their threads alive · ``bell`` wakes those
that have nothing to do · ``engine`` puts these together from the settings.

Nothing here trusts what woke it: it looks at the stored call, plans, does the first thing that may go, and looks again.
"""
