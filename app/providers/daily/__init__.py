"""Daily. https://docs.daily.co/reference/rest-api

``provider`` what we can ask for · ``api`` how it is asked · ``rooms`` rooms, who is in them, and tokens · ``hooks``
where it sends its webhooks · ``webhooks`` what they tell us.
"""
