"""What we say to Slack.

``calls`` is the only caller of the Calls API and ``messages`` of ``chat.*`` and response_urls; both send through
``web_api``, which reads every answer by one table. ``lanes`` the pace of each method · ``people`` who is an admin ·
``blocks`` and ``texts`` what a person sees · ``openid`` Sign in with Slack.
"""
