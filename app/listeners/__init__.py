"""What Slack says to us, by platform feature. ``bolt`` makes the Bolt app; ``commands`` the slash command;
``socket_mode`` is the way for an app that Slack cannot reach; ``roles`` asks what somebody is in a workspace."""
