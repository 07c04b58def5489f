"""BigBlueButton, on a server of one's own or a hosted one. https://docs.bigbluebutton.org

``provider`` what we can ask for · ``api`` its requests and links · ``answers`` its XML · ``checksums`` what proves who
we and it are · ``hooks`` where it sends webhooks · ``webhooks`` what it tells us.
"""
