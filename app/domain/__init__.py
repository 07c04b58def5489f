"""The language and its rules: frozen values and pure functions, no input or output.

``meetings`` the provider's side of a call · ``events`` what happened there · ``calls`` what we know ·
``fold`` an event into what we know · ``card`` what Slack should show · ``plan`` the difference, as operations ·
``deadline`` when time itself ends a call · ``lanes`` how fast Slack may be asked.
"""
