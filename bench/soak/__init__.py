"""Half an hour of calls that come and go, with bad days and kills: what leaks, what is lost, what is doubled.

``truth`` what has to stand on the cards · ``crowd`` who comes, goes and asks for calls · ``vendors`` the providers ·
``post`` requests to the app · ``trouble`` faults · ``process`` the app, and its kills · ``watch`` what is measured,
``store`` in the database, ``sightings`` on cards · ``verdict`` what is wrong in the end · ``report``, ``plot`` what it
came to. The app is `python -m app serve` in real time.
"""

from bench.soak.soak import Options, run

__all__ = ["Options", "run"]
