"""Where somebody adds the app to their workspace (``/slack/install``) and comes back (``/slack/oauth_redirect``).

The flow is ours and not Bolt's, with Slack's own stores beneath: Bolt's says the same of a code that was used twice and
of a Slack that is down, and binds the state to the browser with a cookie that is the state itself.
"""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, request

from app.db.oauth_states import Finish
from app.errors import RequestFailed
from app.services.installation_store import STATE_LASTS
from app.services.installations import INSTALL_PATH, REDIRECT_PATH
from app.services.installing import InstallService
from app.web.cookies import Cookies, is_from_elsewhere
from app.web.install_pages import InstallPages
from app.web.pages import keep_private, to


def make_blueprint(install: InstallService, pages: InstallPages, cookies: Cookies) -> Blueprint:
    """https://docs.slack.dev/authentication/installing-with-oauth"""
    blueprint = Blueprint("install", __name__)

    @blueprint.get(INSTALL_PATH)
    def offer() -> Response:
        return pages.offer()

    @blueprint.post(INSTALL_PATH)
    def begin() -> Response:
        if is_from_elsewhere():
            return pages.offer()
        # One secret for all that is begun here: somebody may press the button in two tabs.
        browser = cookies.installing() or secrets.token_urlsafe(24)
        response = to(install.begin(browser))
        cookies.keep_installing(response, browser, STATE_LASTS)
        return response

    @blueprint.get(REDIRECT_PATH)
    def come_back() -> Response:
        finish = install.come_back(request.args.get("state", ""), cookies.installing())
        if finish is not Finish.GOOD:
            return pages.not_finished(finish)
        code = request.args.get("code", "")
        if not code:
            return pages.not_agreed(request.args.get("error", ""))
        try:
            return pages.installed(install.finish(code))
        except RequestFailed as failure:
            return pages.failed(failure)

    blueprint.after_request(keep_private)
    return blueprint
