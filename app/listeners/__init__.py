"""What Slack says to us, by platform feature. ``bolt`` makes the Bolt app.

``commands`` the slash command · ``events`` what happens · ``actions`` buttons and menus · ``views`` sent forms ·
``actors`` who has sent a request · ``trouble`` what they are told when it cannot be done · ``showing`` opens a modal
before them · ``socket_mode`` the way for an app that Slack cannot reach.
"""
