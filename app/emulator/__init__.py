"""A Slack workspace on localhost: for tests, demos, and people without a workspace.

It imports nothing else of this project, and is strict where Slack is. From the ground up:

- what is: `workspace` (a team and its books), `local_team` (its cast), `calls` and `participants`, `messages` and
  `blocks`, `response_urls`, `call_shapes` (how a call is shown), `ids`, `errors`
- how it behaves: `switches` (what nobody knows about Slack), `faults`, `rate_limits`, `journal`
- what apps ask: `web_api` (the methods), `exchange` (one request, from arrival to journal), `web` (routes), `reply`
- what apps are sent: `outgoing` (commands, events), `app_link` (the way there), `signatures`
- what people see: `page` (workspace, inspector, coverage), kept up to date by `stream`, drawn with `mrkdwn`; what they
  do there: `acts` and `typed`, through `control` (an API to look in and to set things) and `inspector`
- all together: `slack` (the state), `emulator` (the state on a port), `loopback` (its HTTP server), `server` (a
  program of its own)
"""

from app.emulator.emulator import Emulator

__all__ = ["Emulator"]
