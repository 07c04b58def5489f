"""The seam to call providers, and one folder for each of them.

``base`` is the seam; ``registry`` the only place that names a concrete provider; ``http`` how a provider is asked.
A provider turns foreign requests into our events and our wishes into meetings. It knows neither Slack, nor Flask, nor
the database, nor another provider. Adding one touches its folder, its tests and one line of the registry.
"""
