"""What Slack says to us, by platform feature. ``bolt`` makes the Bolt app; ``commands`` the slash command."""
