"""Settings: every one once, with its help text.

Each is read from the environment as ``NAME``, or from the file named by ``NAME_FILE`` (for secrets that are mounted
as files), or from ``.env``, which may hold either, in this order. ``read_settings`` reads a provider's account in the
same way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic.fields import FieldInfo

from app.errors import ConfigurationError

Model = TypeVar("Model", bound=BaseModel)


HTTP = frozenset({"http", "https"})
COMMAND_PATTERN = r"^/[^\s/]{1,31}$"


def is_web_address(value: str, schemes: frozenset[str] = HTTP) -> bool:
    """Whether ``value`` is an absolute address with a host, in one of ``schemes``, and nothing else around it.

    One with a user name is none: ``https://your-bank.com@example.com`` leads to example.com.
    """
    try:
        parts = urlsplit(value)
        has_host = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:  # an unfinished [IPv6] host, or a port that is no number
        return False
    return parts.scheme in schemes and has_host and is_unbroken(value)


def is_base_address(value: str, schemes: frozenset[str] = HTTP) -> bool:
    """Whether paths can be put behind ``value``: behind a ``?`` or a ``#`` they would be no paths."""
    return is_web_address(value, schemes) and not any(mark in value for mark in "?#")


def is_unbroken(value: str) -> bool:
    """Whether an address can stand in a text without ending early or starting something else."""
    return value.isprintable() and not any(character in ' <>"|\\^`' for character in value)


def _without_slash(value: str) -> str:
    if not is_base_address(value):
        raise ValueError("must be an address such as https://calls.example.com, with no user name, ? or # in it")
    return value.rstrip("/")


def _with_slash(value: str) -> str:
    return _without_slash(value) + "/"


def split_keys(value: SecretStr) -> tuple[str, ...]:
    """The keys in ENCRYPTION_KEYS, in order."""
    return tuple(key.strip() for key in value.get_secret_value().split(",") if key.strip())


def _app_level(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not value.get_secret_value().startswith("xapp-"):
        raise ValueError("must be an app-level token, which begins with xapp-")
    return value


def _fernet_keys(value: SecretStr) -> SecretStr:
    try:
        for key in split_keys(value):
            Fernet(key)
    except ValueError:  # also for what is no base64
        raise ValueError("must be keys as `python -m app db key` makes them, separated by commas") from None
    return value


BaseAddress: TypeAlias = Annotated[str, AfterValidator(_without_slash)]
"""An http(s) address that paths are put behind; without the slash at its end."""


class Settings(BaseModel, frozen=True):
    """The app's own settings; providers bring theirs."""

    slack_signing_secret: SecretStr = Field(
        description="The signing secret, from Basic Information in Slack's app settings.",
    )
    slack_client_id: str = Field(
        default="",
        description="The client id, from Basic Information in Slack's app settings; with the client secret it lets "
        "people sign in with Slack on the join page, and without SLACK_BOT_TOKEN workspaces install the app.",
    )
    slack_client_secret: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="The client secret, from the same place.",
    )
    slack_bot_token: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="The bot token of the installed app (xoxb-…), from OAuth & Permissions in Slack's app settings; "
        "without it, and with the client id and secret, any workspace can install the app at /slack/install.",
    )
    slack_app_token: Annotated[SecretStr, AfterValidator(_app_level)] = Field(
        default=SecretStr(""),
        description="An app-level token (xapp-…) with the scope connections:write, from Basic Information in Slack's "
        "app settings; with it commands come through a socket that this app opens, and Slack need not reach it.",
    )
    slack_api_url: Annotated[str, AfterValidator(_with_slash)] = Field(
        default="https://slack.com/api/",
        description="Where Slack's Web API is; another address only for a local workspace or GovSlack.",
    )
    slash_command: str = Field(
        default="/ring",
        pattern=COMMAND_PATTERN,
        description="The slash command, the same as in the app's manifest.",
    )
    public_url: BaseAddress = Field(
        default="http://localhost:8000",
        description="The address under which people and providers reach this app, such as https://calls.example.com. "
        "Without it links lead to the machine that they are opened on.",
    )
    host: str = Field(default="0.0.0.0", description="The network address the web server listens on.")  # noqa: S104
    port: int = Field(default=8000, ge=1, le=65535, description="The port the web server listens on.")
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="At least 32 random characters that the join page's cookies are sealed with; without it they are "
        "sealed with the signing secret. Another one signs everybody out.",
    )
    allow_guests: bool = Field(
        default=True,
        validate_default=True,
        description="Whether people who are not signed in may join by entering a name, where their workspace has not "
        "chosen (true or false).",
    )
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///switchboard.db"),
        description="sqlite:///file.db for one machine, postgresql://user:password@host/name for one or many.",
    )
    encryption_keys: Annotated[SecretStr, AfterValidator(_fernet_keys)] = Field(
        default=SecretStr(""),
        validate_default=True,
        description="Fernet keys, separated by commas, that what is secret or personal is encrypted with in the "
        "database; the first encrypts, all decrypt. `python -m app db key` makes one.",
    )
    default_provider: str = Field(
        default="",
        description="The provider of new calls; may be left out when only one is set up.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        description="Whether provider accounts that people add in Slack may lead into private networks, such as "
        "http://10.0.0.5 (true or false). Those of these settings always may.",
    )
    workers: int = Field(
        default=4,
        ge=0,
        le=64,
        description="How many calls one process brings up to date at the same time; with 0 `serve` leaves them to "
        "`work` processes.",
    )
    lease_seconds: float = Field(
        default=15,
        # Two requests with their timeouts must fit into it.
        ge=15,
        le=600,
        description="After how long another worker may take over the call of a worker that hangs.",
    )
    keep_deliveries_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="After how many days a webhook that was taken in is dropped.",
    )
    keep_calls_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="After how many days a call that is over is dropped, with all that is known of its people.",
    )
    keep_changes_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="After how many days it is forgotten who changed a workspace's settings.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="At least 16 random characters; with them /metrics is shown to who sends Authorization: Bearer …",
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR.",
    )

    @field_validator("slack_client_secret")
    @classmethod
    def _client_is_whole(cls, secret: SecretStr, others: ValidationInfo) -> SecretStr:
        if bool(secret.get_secret_value()) != bool(others.data.get("slack_client_id")):
            raise ValueError("must be given together with SLACK_CLIENT_ID")
        return secret

    @field_validator("slack_bot_token")
    @classmethod
    def _is_in_some_workspace(cls, token: SecretStr, others: ValidationInfo) -> SecretStr:
        if not token.get_secret_value() and not others.data.get("slack_client_id"):
            raise ValueError("is missing, and so is SLACK_CLIENT_ID: one of the two is needed")
        return token

    @field_validator("encryption_keys")
    @classmethod
    def _tokens_are_kept_safe(cls, keys: SecretStr, others: ValidationInfo) -> SecretStr:
        token = others.data.get("slack_bot_token")
        if not split_keys(keys) and token is not None and not token.get_secret_value():
            raise ValueError("is missing: without SLACK_BOT_TOKEN the tokens of workspaces are kept in the database")
        return keys

    @field_validator("allow_guests")
    @classmethod
    def _somebody_may_join(cls, allowed: bool, others: ValidationInfo) -> bool:
        if not allowed and not others.data.get("slack_client_id"):
            raise ValueError("without SLACK_CLIENT_ID everybody is a guest, and nobody could join")
        return allowed

    @property
    def keys(self) -> tuple[str, ...]:
        """Those that what is stored is encrypted with, the current one first."""
        return split_keys(self.encryption_keys)

    @property
    def is_installable(self) -> bool:
        """Whether any workspace can install the app, in place of the one whose token is in the settings."""
        return not self.slack_bot_token.get_secret_value()

    @property
    def signs_in(self) -> bool:
        """Whether people can sign in with Slack."""
        return bool(self.slack_client_id)

    @property
    def own_secret(self) -> str:
        """What nobody but this app knows, and its own keys are derived from."""
        return (self.secret_key or self.slack_signing_secret).get_secret_value()


def environment(env_file: Path = Path(".env")) -> Mapping[str, str]:
    """What the process was given, and from ``.env`` what it was not given.

    A setting comes whole from one of the two: an old ``NAME`` in ``.env`` must not beat a mounted ``NAME_FILE``.
    """
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    given = {_setting(name) for name in os.environ}
    return {name: value for name, value in from_file.items() if _setting(name) not in given} | os.environ


def _setting(name: str) -> str:
    """The setting that ``NAME`` and ``NAME_FILE`` are both about."""
    return name.removesuffix("_FILE")


def read_settings(model: type[Model], env: Mapping[str, str], *, prefix: str = "") -> Model:
    """``model`` from ``env``; ``prefix`` stands before each name. Raises ``ConfigurationError`` once, for all."""
    problems: list[str] = []
    values: dict[str, str] = {}
    for field in model.model_fields:
        value = _look_up((prefix + field).upper(), env, problems)
        if value is not None:
            values[field] = value
    try:
        settings = model.model_validate(values)
    except ValidationError as error:
        problems += _told(error, model, prefix)
    else:
        if not problems:
            return settings
    raise ConfigurationError("\n".join(["", *problems]))


def read_setting(model: type[Model], field: str, env: Mapping[str, str]) -> Any:
    """One setting of ``model`` when the others do not matter. Raises ``ConfigurationError``."""
    info = model.model_fields[field]
    definition: dict[str, Any] = {field: (info.annotation, info)}
    alone: type[BaseModel] = create_model(model.__name__, **definition)
    return getattr(read_settings(alone, env), field)


def is_mentioned(model: type[BaseModel], env: Mapping[str, str], *, prefix: str) -> bool:
    """Whether any of the model's settings is given."""
    names = [(prefix + field).upper() for field in model.model_fields]
    return any(env.get(name) or env.get(f"{name}_FILE") for name in names)


def _look_up(name: str, env: Mapping[str, str], problems: list[str]) -> str | None:
    """An empty value counts as not given: that is how a value is switched off in most places that hold them."""
    if value := env.get(name, "").strip():
        return value
    path = env.get(f"{name}_FILE", "").strip()
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        problems.append(f"  {name}_FILE: the file {path} cannot be read.")
        return None


def _told(error: ValidationError, model: type[BaseModel], prefix: str) -> list[str]:
    """One line for each problem, without the value: it may be a secret."""
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        field = str(problem["loc"][0]) if problem["loc"] else ""
        name = (prefix + field).upper()
        what = "is missing" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
        lines.append(f"  {name}: {what}. {_help(model.model_fields.get(field))}".rstrip())
    return lines


def _help(field: FieldInfo | None) -> str:
    return (field.description or "") if field else ""
