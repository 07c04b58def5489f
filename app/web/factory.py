"""Builds the app from its settings."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Flask, Response
from werkzeug.exceptions import HTTPException

from app import config, logs
from app.clock import Clock
from app.config import Settings
from app.db.session import Database, database_url
from app.errors import ConfigurationError
from app.listeners.bolt import make_bolt_app
from app.providers.base import Provider
from app.providers.registry import load_providers
from app.reconciler.apply import Apply
from app.reconciler.bell import Bell
from app.reconciler.worker import Reconciler
from app.services.calls import CallService
from app.services.deliveries import DeliveryService
from app.services.visits import VisitService
from app.slack.openid import SlackOpenId
from app.slack.web_api import make_client
from app.web import health, join, slack, webhooks
from app.web.cookies import Cookies
from app.web.join_pages import Pages
from app.web.seals import derived_key
from app.web.sign_in import RETURN_PATH, SignIn

LARGEST_BODY_BYTES = 1024 * 1024
log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switchboard:
    """The parts of a running app."""

    settings: Settings
    database: Database
    providers: Mapping[str, Provider]
    bell: Bell
    reconciler: Reconciler
    flask: Flask

    def start_workers(self) -> list[threading.Thread]:
        """Threads that reconcile until ``reconciler.stop()``. Call it after the fork: threads do not survive one."""
        names = [f"reconciler-{number}" for number in range(self.settings.workers)]
        threads = [threading.Thread(target=self.reconciler.run, name=name) for name in names]
        for thread in threads:
            thread.start()
        return threads


def build(env: Mapping[str, str], clock: Clock) -> Switchboard:
    """The app for the settings in ``env``. Raises ``ConfigurationError`` once, with all that is wrong."""
    settings, providers = read_configuration(env, clock)
    database = Database(settings.database_url.get_secret_value())
    bell = Bell()
    reconciler = _make_reconciler(settings, database, clock, providers, bell)
    flask = _make_flask(settings, database, clock, providers, bell)
    return Switchboard(
        settings=settings, database=database, providers=providers, bell=bell, reconciler=reconciler, flask=flask
    )


def read_configuration(env: Mapping[str, str], clock: Clock) -> tuple[Settings, dict[str, Provider]]:
    """The settings and the providers that are set up. Raises ``ConfigurationError`` once, with all that is wrong."""
    problems: list[str] = []
    settings, providers = None, {}
    try:
        settings = config.read_settings(Settings, env)
    except ConfigurationError as error:
        problems.append(error.detail)
    try:
        providers = load_providers(env, clock, public_url=settings.public_url if settings else "")
    except ConfigurationError as error:
        problems.append(error.detail)
    if settings is not None:
        problems += _check_database(settings)
    if settings is not None and not problems:
        problems += _check_default(settings, providers)
    if settings is None or problems:
        raise ConfigurationError("".join(problems))
    return settings, providers


def _check_database(settings: Settings) -> list[str]:
    try:
        database_url(settings.database_url.get_secret_value())
    except ConfigurationError as error:
        return [error.detail]
    return []


def _check_default(settings: Settings, providers: Mapping[str, Provider]) -> list[str]:
    known = ", ".join(sorted(providers))
    if not providers:
        return ["\n  No provider is set up. LINK_TEMPLATE=https://meet.jit.si/{slug} is the quickest one."]
    if settings.default_provider and settings.default_provider not in providers:
        return [f"\n  DEFAULT_PROVIDER: {settings.default_provider} is not set up; these are: {known}."]
    if not settings.default_provider and len(providers) > 1:
        return [f"\n  DEFAULT_PROVIDER: is missing. Choose one of: {known}."]
    return []


def _default_provider(settings: Settings, providers: Mapping[str, Provider]) -> Provider:
    return providers[settings.default_provider or next(iter(providers))]


def _make_reconciler(
    settings: Settings, database: Database, clock: Clock, providers: Mapping[str, Provider], bell: Bell
) -> Reconciler:
    client = make_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    return Reconciler(
        database,
        clock,
        Apply(client, providers),
        bell,
        public_url=settings.public_url,
        lease_seconds=settings.lease_seconds,
    )


def _make_flask(
    settings: Settings, database: Database, clock: Clock, providers: Mapping[str, Provider], bell: Bell
) -> Flask:
    call_service = CallService(database, clock, _default_provider(settings, providers), providers, bell.ring)
    bolt_app = make_bolt_app(settings, call_service)
    flask = Flask(__name__)
    # A path with two slashes is no path of ours. Redirected, a webhook would be lost: vendors do not follow.
    flask.url_map.merge_slashes = False
    flask.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    flask.register_error_handler(Exception, _answer_error)
    secret = settings.slack_signing_secret.get_secret_value()
    flask.register_blueprint(slack.make_blueprint(bolt_app, secret, clock))
    flask.register_blueprint(webhooks.make_blueprint(providers, DeliveryService(database, clock, bell.ring)))
    flask.register_blueprint(_make_join_page(settings, database, clock, providers, bell))
    flask.register_blueprint(health.make_blueprint(database))
    return flask


def _make_join_page(
    settings: Settings, database: Database, clock: Clock, providers: Mapping[str, Provider], bell: Bell
) -> Blueprint:
    secret = settings.own_secret
    visits = VisitService(database, clock, providers, bell.ring, key=derived_key(secret, "participants"))
    pages = Pages(f"{settings.public_url}/join", signs_in=settings.signs_in, allows_guests=settings.allow_guests)
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
    return join.make_blueprint(visits, pages, cookies, sign_in, allows_guests=settings.allow_guests)


def _answer_error(error: Exception) -> Response:
    """The last border: what nobody expected becomes a 500 with a reference that finds its log line."""
    if isinstance(error, HTTPException):
        return Response(error.name, error.code or 500)
    reference = logs.new_reference()
    log.exception("request failed", reference=reference)  # noqa: LOG004  # Flask calls this inside its handler
    return Response(f"something went wrong here; reference {reference}", 500)
