"""Puts the web app on top of the engine."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from flask import Blueprint, Flask, Response
from slack_bolt import App
from werkzeug.exceptions import HTTPException

from app.clock import Clock
from app.config import Settings
from app.listeners.bolt import Services, make_bolt_app
from app.listeners.socket_mode import SocketMode
from app.reconciler.engine import Engine, build_engine
from app.services.calls import CallService
from app.services.deliveries import DeliveryService
from app.services.installations import INSTALL_PATH
from app.services.installing import InstallService
from app.services.visits import VisitService
from app.slack.openid import SlackOpenId
from app.web import health, install, join, metrics, slack, webhooks
from app.web.answers import answer_to
from app.web.cookies import Cookies
from app.web.install_pages import InstallPages
from app.web.join_pages import Pages
from app.web.limits import LARGEST_BODY_BYTES, Floods, limit_floods
from app.web.seals import derived_key
from app.web.sign_in import RETURN_PATH, SignIn
from app.web.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Switchboard(Engine):
    """The engine, with the web app on top. ``socket_mode`` is for an app that Slack cannot reach."""

    flask: Flask
    webhooks: Webhooks
    floods: Floods
    socket_mode: SocketMode | None

    def start(self) -> list[threading.Thread]:
        # A dataclass with slots is made twice, and a bare super() would mean the first one.
        threads = super(Switchboard, self).start()
        if self.socket_mode is not None:
            self.socket_mode.start()
        return threads

    def stop(self, threads: Sequence[threading.Thread]) -> None:
        if self.socket_mode is not None:
            self.socket_mode.stop()
        super(Switchboard, self).stop(threads)


def build(env: Mapping[str, str], clock: Clock) -> Switchboard:
    """The app for the settings in ``env``. Raises ``ConfigurationError`` once, with all that is wrong."""
    engine = build_engine(env, clock)
    services = Services(
        calls=CallService(engine.database, clock, engine.accounts, engine.nudge),
        accounts=engine.account_service,
        workspaces=engine.workspace_service,
        homes=engine.home_service,
        uninstall=engine.installations.uninstall,
    )
    bolt_app = make_bolt_app(engine.settings, engine.clients, services)
    app_token = engine.settings.slack_app_token.get_secret_value()
    receiver = Webhooks(engine.accounts, DeliveryService(engine.database, clock, engine.nudge))
    floods = Floods(clock)
    parts = {part.name: getattr(engine, part.name) for part in fields(engine)}
    return Switchboard(
        flask=_make_flask(engine, bolt_app, receiver, floods, clock),
        webhooks=receiver,
        floods=floods,
        socket_mode=SocketMode(bolt_app, app_token) if app_token else None,
        **parts,
    )


def _make_flask(engine: Engine, bolt_app: App, receiver: Webhooks, floods: Floods, clock: Clock) -> Flask:
    settings = engine.settings
    flask = Flask(__name__)
    # A path with two slashes is no path of ours. Redirected, a webhook would be lost: vendors do not follow.
    flask.url_map.merge_slashes = False
    flask.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    flask.register_error_handler(Exception, _answer_error)
    limit_floods(flask, floods)
    secret = settings.slack_signing_secret.get_secret_value()
    flask.register_blueprint(slack.make_blueprint(bolt_app, secret, clock))
    flask.register_blueprint(webhooks.make_blueprint(receiver))
    flask.register_blueprint(_make_join_page(engine, clock))
    if engine.installations.install is not None:
        flask.register_blueprint(_make_install_page(settings, engine.installations.install, clock))
    flask.register_blueprint(health.make_blueprint(engine.database, derived_key(settings.own_secret, health.KEY)))
    flask.register_blueprint(metrics.make_blueprint(engine.database, clock, settings.metrics_token))
    return flask


def _make_join_page(engine: Engine, clock: Clock) -> Blueprint:
    settings = engine.settings
    secret = settings.own_secret
    key = derived_key(secret, "participants")
    visits = VisitService(
        engine.database,
        clock,
        engine.accounts,
        engine.nudge,
        key=key,
        allow_guests=settings.allow_guests,
        signs_in=settings.signs_in,
    )
    pages = Pages(f"{settings.public_url}/join", signs_in=settings.signs_in)
    cookies = Cookies(settings.public_url, secret, clock)
    sign_in = None
    if settings.signs_in:
        openid = SlackOpenId(
            settings.slack_api_url,
            settings.slack_client_id,
            settings.slack_client_secret.get_secret_value(),
            settings.public_url + RETURN_PATH,
            clock,
        )
        sign_in = SignIn(openid, visits, pages, cookies, secret=secret, clock=clock)
    return join.make_blueprint(visits, pages, cookies, sign_in)


def _make_install_page(settings: Settings, install_service: InstallService, clock: Clock) -> Blueprint:
    pages = InstallPages(settings.public_url + INSTALL_PATH, settings.slash_command)
    cookies = Cookies(settings.public_url, settings.own_secret, clock, below="/slack")
    return install.make_blueprint(install_service, pages, cookies)


def _answer_error(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return Response(error.name, error.code or 500)
    return answer_to(error).as_response()
