"""A Slack workspace on localhost: for tests, demos, and people without a workspace.

It imports nothing else of this project, and is strict where Slack is. From the ground up:

- what is: `workspace` (a team and its books), `local_team` (its cast), `calls` and `participants`, `messages`, `views`
  and `triggers`, `response_urls`, `call_shapes` (how a call is shown), `block_kit` (what may be shown), `ids`, `errors`
- who may do what: `installs` (codes, tokens, rotation), `uninstalling`, `consent` (the pages on which people agree),
  `openid` and `signing_key`, `manifest` with `manifest_rules` and `known_names`
- how it behaves: `switches` (what nobody knows about Slack), `faults`, `rate_limits`, `journal`
- what apps ask: `web_api` (the methods), `exchange` (one request, from arrival to journal), `web` (routes), `reply`
- what apps are sent: `outgoing` (commands), `interactions` with their `_payloads` and `_answers`, `events`,
  `deliveries` (with retries), `steps` (of workflows); the way there is `app_link`, with `signatures`, or `socket_mode`
  over `websocket` and `sockets`
- what people do: `people` (say, decline), `links` in what they say, and the acts of `interactions`
- what people see: `page` (workspace, inspector, coverage), kept up to date by `stream`, drawn with `mrkdwn`; what they
  do there: `acts` and `typed`, through `control` (an API to look in and to set things) and `inspector`
- what of Slack there is and is not: `coverage`
- all together: `slack` (the state), `emulator` (the state on a port), `loopback` (its HTTP server), `server` (a
  program of its own)
"""

from app.emulator.emulator import Emulator

__all__ = ["Emulator"]
