"""Logs for the operator at three in the morning: one line, ids always, bodies and secrets never.

``log = logs.get(__name__); log.info("call started", call_id=…)`` writes the line ``call started call_id=…``.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from typing import TextIO

# What a token or a secret looks like, wherever a library may have put it into a message.
_SECRETS = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w-]+"  # Slack tokens
    r"|xapp-[\w-]+"
    r"|whsec_[\w+/=-]+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+"  # JSON web tokens
    r"|(?<=/)(?:commands|actions)/T[^\s\"']+"  # response_url paths
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password@ in an address
)


def redact(text: str) -> str:
    return _SECRETS.sub("[redacted]", text)


def new_reference() -> str:
    """A short id that a person can read out and an operator can search for."""
    return secrets.token_hex(4)


class Log:
    """A logger whose lines carry fields."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, message: str, **fields: object) -> None:
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: object) -> None:
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write(logging.ERROR, message, fields)

    def exception(self, message: str, **fields: object) -> None:
        """An error with the stack of the exception being handled."""
        self._write(logging.ERROR, message, fields, exc_info=True)

    def failure(self, message: str, failure: Exception, **fields: object) -> None:
        """An error with the stack of ``failure``, which was handled elsewhere."""
        self._write(logging.ERROR, message, fields, exc_info=failure)

    def _write(
        self, level: int, message: str, fields: dict[str, object], *, exc_info: Exception | bool = False
    ) -> None:
        if self._logger.isEnabledFor(level):
            told = " ".join(f"{name}={_one_line(value)}" for name, value in fields.items() if value is not None)
            self._logger.log(level, "%s %s" if told else "%s%s", message, told, exc_info=exc_info)


def get(name: str) -> Log:
    return Log(name)


class RedactingFormatter(logging.Formatter):
    """Works on the finished line, so that libraries' messages and stacks are covered as well."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line, redacted, to ``stream`` (standard error by default)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # httpx and slack_sdk write a line with the address of every request at INFO and DEBUG.
    for noisy in ("httpx", "httpcore", "slack_sdk", "slack_bolt", "werkzeug", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # A request that Slack does not answer is an ERROR to its SDK; to us it is one to be sent again, and is told so.
    logging.getLogger("slack_sdk.web").setLevel(logging.CRITICAL)


def _one_line(value: object) -> str:
    text = str(value)
    return repr(text) if re.search(r"\s", text) or not text else text
