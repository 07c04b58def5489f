"""Block Kit, as far as Slack itself looks into it: what is refused, and what people can act on."""
