"""The error codes that each method of Slack documents: https://docs.slack.dev/reference/methods/{method}"""

from __future__ import annotations

from collections.abc import Mapping

# Every method's page lists these.
OF_ALL_METHODS = """
access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied enterprise_is_restricted fatal_error
internal_error invalid_arg_name invalid_arguments invalid_array_arg invalid_auth invalid_charset invalid_form_data
invalid_post_type is_bot method_deprecated missing_post_type missing_scope no_permission not_allowed_token_type
not_authed org_login_required ratelimited request_timeout service_unavailable team_access_not_granted team_added_to_org
token_expired token_revoked two_factor_setup_required unknown_method
"""
_OF_PARTICIPANTS = "bad_users inactive_call invalid_call_id missing_argument not_implemented user_not_found"
_OWN: Mapping[str, str] = {
    "calls.add": "invalid_created_by invalid_start_time not_authorized not_implemented user_not_found",
    "calls.update": "invalid_call_id not_implemented",
    "calls.end": "inactive_call invalid_call_id not_implemented",
    # The table of calls.info does not list invalid_call_id, its example shows it.
    "calls.info": "invalid_call_id not_implemented",
    "calls.participants.add": _OF_PARTICIPANTS,
    "calls.participants.remove": _OF_PARTICIPANTS,
    "chat.postMessage": """
app_access_restricted as_user_not_supported attachment_payload_limit_exceeded cannot_reply_to_message channel_not_found
duplicate_channel_not_found duplicate_message_not_found invalid_blocks invalid_blocks_format invalid_metadata_format
invalid_metadata_schema is_archived markdown_text_conflict message_limit_exceeded messages_tab_disabled
metadata_must_be_sent_from_app metadata_too_large missing_file_data msg_blocks_too_long no_text not_in_channel
rate_limited restricted_action restricted_action_non_threadable_channel restricted_action_read_only_channel
restricted_action_thread_locked restricted_action_thread_only_channel slack_connect_canvas_sharing_blocked
slack_connect_file_link_sharing_blocked slack_connect_lists_sharing_blocked team_not_found too_many_attachments
too_many_contact_cards
""",
    "chat.postEphemeral": """
cannot_reply_to_message channel_not_found invalid_attachments invalid_blocks invalid_blocks_format is_archived
markdown_text_conflict message_limit_exceeded messages_tab_disabled msg_too_long no_text not_in_channel
restricted_action too_many_attachments user_not_in_channel
""",
    "users.lookupByEmail": "users_not_found",
    "users.info": "too_many_users user_not_found user_not_visible",
}
DOCUMENTED: Mapping[str, frozenset[str]] = {
    method: frozenset(f"{OF_ALL_METHODS} {own}".split()) for method, own in _OWN.items()
}
