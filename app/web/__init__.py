"""Flask: the requests of Slack, of providers, and of people.

``factory`` builds the app from its settings · ``wsgi`` is what the web server loads · ``slack`` Slack's requests ·
``webhooks`` the providers' · ``join`` the join page · ``health`` whether it works.
"""
