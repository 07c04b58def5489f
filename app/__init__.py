"""Switchboard: any call provider, native in Slack.

The rooms, top to bottom. A room imports only from rooms below it; rooms on one line do not know each other.

- ``cli``         python -m app …: serve, work, db, providers, calls, deliveries, demo, emulator
- ``web``         Flask: Slack's requests, providers' webhooks, the join page, health, metrics
- ``listeners``   what Slack says to us, by platform feature
- ``reconciler``  makes Slack and the provider match what is wanted, one operation at a time
- ``services``    use cases, the only writers of what is wanted: start, end, rename, receive a delivery
- ``db``          tables, sessions, claims and leases, migrations
- ``providers``   the seam to call providers, the registry, one folder for each provider
- ``slack``       what we say to Slack: the Calls API, messages, lanes, every sentence a person reads
- ``domain``      calls, events, the fold, the card, the plan: frozen values and pure functions
- ``logs``, ``metrics``, ``config``, ``clock``, ``errors``

Apart from all of these stand two neighbours for trying and testing, which import nothing of ours: ``emulator``, a
Slack workspace on localhost, and ``room``, a call provider on localhost.
"""
