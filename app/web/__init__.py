"""Flask: the requests of Slack, of providers, and of people.

``factory`` builds the app from its settings · ``wsgi`` is what the web server loads · ``slack`` Slack's requests ·
``webhooks`` the providers' · ``limits`` floods of what fails · ``health`` whether it works · ``join`` the join page:
its ``sign_in`` with Slack, its ``join_pages``, its ``cookies`` and what they are sealed with (``seals``) · ``install``
and its ``install_pages`` the way into a workspace · ``pages`` what all pages have in common · ``front`` what comes
first to every request, ``intake`` to many webhooks at once.
"""
