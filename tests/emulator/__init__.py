"""The emulator, held against recorded and documented Slack; driven over HTTP by Slack's own SDK and by httpx."""
