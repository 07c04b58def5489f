"""How a request to Slack is sent, and what its answer means for what we do next."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from app.errors import OutOfStep, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure

TIMEOUT_SECONDS = 7
"""One operation takes two requests at most, and both must have waited in vain before another worker may take the call
over. It counts each wait alone; against an answer that drips there is the token of the lease."""
RETRY_AFTER_UNSAID_SECONDS = 30.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0

# Every error code that a method of ours documents: https://docs.slack.dev/reference/methods/calls.add, and so on for
# the other five of calls.*, chat.postMessage, chat.postEphemeral, users.info and users.lookupByEmail.
KINDS: dict[str, type[RequestFailed]] = {
    # News: Slack knows better than we do how things stand.
    "bad_users": OutOfStep,
    "inactive_call": OutOfStep,
    "invalid_call_id": OutOfStep,
    "user_not_found": OutOfStep,
    # It may work later.
    "fatal_error": TemporaryFailure,
    "internal_error": TemporaryFailure,
    "org_login_required": TemporaryFailure,
    "request_timeout": TemporaryFailure,
    "service_unavailable": TemporaryFailure,
    "team_added_to_org": TemporaryFailure,
    # HTTP 429 says ratelimited; a body may say either.
    "rate_limited": RateLimited,
    "ratelimited": RateLimited,
    "message_limit_exceeded": RateLimited,
    # It will be refused again until a person changes something.
    **dict.fromkeys(
        (
            "access_denied",
            "accesslimited",
            "account_inactive",
            "app_access_restricted",
            "as_user_not_supported",
            "attachment_payload_limit_exceeded",
            "cannot_reply_to_message",
            "channel_not_found",
            "deprecated_endpoint",
            "duplicate_channel_not_found",
            "duplicate_message_not_found",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "invalid_arg_name",
            "invalid_arguments",
            "invalid_array_arg",
            "invalid_attachments",
            "invalid_auth",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_charset",
            "invalid_created_by",
            "invalid_form_data",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "invalid_post_type",
            "invalid_start_time",
            "is_archived",
            "is_bot",
            "markdown_text_conflict",
            "messages_tab_disabled",
            "metadata_must_be_sent_from_app",
            "metadata_too_large",
            "method_deprecated",
            "missing_argument",
            "missing_file_data",
            "missing_post_type",
            "missing_scope",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_permission",
            "no_text",
            "not_allowed_token_type",
            "not_authed",
            "not_authorized",
            "not_implemented",
            "not_in_channel",
            "restricted_action",
            "restricted_action_non_threadable_channel",
            "restricted_action_read_only_channel",
            "restricted_action_thread_locked",
            "restricted_action_thread_only_channel",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_file_link_sharing_blocked",
            "slack_connect_lists_sharing_blocked",
            "team_access_not_granted",
            "team_not_found",
            "token_expired",
            "token_revoked",
            "too_many_attachments",
            "too_many_contact_cards",
            "too_many_users",
            "two_factor_setup_required",
            "unknown_method",
            "user_not_in_channel",
            "user_not_visible",
            "users_not_found",
        ),
        PermanentFailure,
    ),
}
# Of these Slack says: "It's possible some aspect of the operation succeeded before the error was raised."
MAY_HAVE_HAD_EFFECT = frozenset({"fatal_error", "internal_error"})


class LoyalClient(WebClient):
    """A client whose token goes to the address it was made with, and to no other that this one may lead to: urllib,
    which the SDK sends with, takes all headers along when it is redirected. The body it leaves behind by itself."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        secret = req.headers.pop("Authorization", None)
        if secret is not None:
            req.add_unredirected_header("Authorization", secret)
        return super()._perform_urllib_http_request_internal(url, req)


def make_client(token: str | None, api_url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> WebClient:
    """A client that sends each request once."""
    return LoyalClient(token, **client_options(api_url, timeout_seconds))


def client_options(api_url: str, timeout_seconds: float) -> dict[str, Any]:
    """What every client of ours has. The SDK's default repeats a POST when the connection drops, also one that has had
    its effect; and it hands the timeout to sockets, which take fractions of a second too."""
    return {"base_url": api_url, "timeout": timeout_seconds, "retry_handlers": []}


def send(method: Callable[..., SlackResponse], **arguments: Any) -> dict[str, Any]:
    """Call a method of the SDK; returns Slack's answer. Raises the kind of ``RequestFailed`` that it means."""
    try:
        answer = method(**arguments)
    except SlackApiError as error:
        raise _refusal(error.response) from error
    except SlackRequestError as error:
        raise PermanentFailure("invalid_request", str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        raise unanswered(error) from error
    except (AttributeError, LookupError, ValueError) as error:
        # What the SDK stumbles over in an answer that is JSON but no object, or in no known encoding.
        raise malformed() from error
    # Slack's own examples hold an error inside ok:true; the SDK lets it pass.
    body = _body(answer)
    if not body or body.get("error"):
        raise _refusal(answer)
    return body


def part(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """The object that an answer is about. Raises ``TemporaryFailure`` where Slack has left it out."""
    found = answer.get(name)
    if not isinstance(found, dict) or not found:
        raise malformed()
    return found


def unanswered(error: Exception) -> TemporaryFailure:
    """No answer came. Only when no connection was made is it certain that nothing happened."""
    reason = error.reason if isinstance(error, URLError) else error
    never_sent = isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError)
    return TemporaryFailure(type(reason).__name__.lower(), effect_unknown=not never_sent)


def _refusal(answer: SlackResponse) -> RequestFailed:
    return refusal(answer.status_code, answer.headers or {}, _body(answer))


def refusal(status: int, headers: Mapping[str, str], body: dict[str, Any]) -> RequestFailed:
    """What an answer means that is no success. ``body`` is its JSON object, empty where it is none."""
    code = str(body.get("error") or "")
    kind = KINDS.get(code)
    if kind is RateLimited or status == http.client.TOO_MANY_REQUESTS:
        return RateLimited(_retry_after(headers))
    if kind is TemporaryFailure:
        return TemporaryFailure(code, _told(body), effect_unknown=code in MAY_HAVE_HAD_EFFECT)
    if kind is not None:
        return kind(code, _told(body))
    if status >= http.client.INTERNAL_SERVER_ERROR:
        return TemporaryFailure(f"http_{status}", effect_unknown=True)
    # The SDK puts a body that is no JSON into the error text.
    return PermanentFailure(code, _told(body)) if re.fullmatch(r"[a-z0-9_]+", code) else malformed()


def _body(answer: SlackResponse) -> dict[str, Any]:
    """The answer's JSON object; empty when it was something else."""
    return answer.data if isinstance(answer.data, dict) else {}


def malformed() -> TemporaryFailure:
    """An answer that says nothing of what came of the request."""
    return TemporaryFailure("malformed_answer", effect_unknown=True)


def _retry_after(headers: Mapping[str, str]) -> float:
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        seconds = float(lower.get("retry-after", ""))
    except ValueError:
        return RETRY_AFTER_UNSAID_SECONDS
    # The comparison is false for "nan" as well.
    return min(seconds, LONGEST_RETRY_AFTER_SECONDS) if seconds > 1 else 1.0


def _told(body: dict[str, Any]) -> str:
    """What Slack says about it beyond the code: the missing scope, the argument it does not like."""
    needed = body.get("needed")
    messages = (body.get("response_metadata") or {}).get("messages") or []
    return "; ".join([f"needed: {needed}"] * bool(needed) + [str(message) for message in messages])
