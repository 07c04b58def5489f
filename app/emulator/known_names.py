"""The names of scopes and events that Slack knows, to find misspelt ones.

https://docs.slack.dev/reference/scopes and https://docs.slack.dev/reference/events
"""

from __future__ import annotations

_SCOPES = """
    app_mentions:read assistant:write auditlogs:read authorizations:read bookmarks:read bookmarks:write calls:read
    calls:write canvases:read canvases:write channels:history channels:join channels:manage channels:read
    channels:write channels:write.invites channels:write.topic chat:write chat:write.customize chat:write.public
    commands conversations.connect:manage conversations.connect:read conversations.connect:write datastore:read
    datastore:write dnd:read dnd:write email emoji:read files:read files:write groups:history groups:read
    groups:write groups:write.invites groups:write.topic hosting:read hosting:write identify identity.avatar
    identity.basic identity.email identity.team im:history im:read im:write im:write.topic incoming-webhook
    links.embed:write links:read links:write lists:read lists:write metadata.message:read mpim:history mpim:read
    mpim:write mpim:write.topic openid pins:read pins:write profile reactions:read reactions:write reminders:read
    reminders:write remote_files:read remote_files:share remote_files:write search:read search:read.files
    search:read.im search:read.mpim search:read.private search:read.public search:read.users stars:read stars:write
    team.billing:read team.preferences:read team:read tokens.basic triggers:read triggers:write usergroups:read
    usergroups:write users.profile:read users.profile:write users:read users:read.email users:write
    workflow.steps:execute
"""
SCOPES = frozenset(_SCOPES.split())

_BOT_EVENTS = """
    app_home_opened app_mention app_uninstalled assistant_thread_context_changed assistant_thread_started
    call_rejected channel_archive channel_created channel_deleted channel_history_changed channel_id_changed
    channel_left channel_rename channel_shared channel_unarchive channel_unshared dnd_updated_user
    email_domain_changed emoji_changed entity_details_requested file_change file_created file_deleted file_public
    file_shared file_unshared function_executed group_archive group_close group_deleted group_history_changed
    group_left group_open group_rename group_unarchive im_close im_created im_history_changed im_open
    invite_requested link_shared member_joined_channel member_left_channel message.app_home message.channels
    message.groups message.im message.mpim message_metadata_deleted message_metadata_posted
    message_metadata_updated pin_added pin_removed reaction_added reaction_removed shared_channel_invite_accepted
    shared_channel_invite_approved shared_channel_invite_declined shared_channel_invite_received
    shared_channel_invite_requested star_added star_removed subteam_created subteam_members_changed
    subteam_self_added subteam_self_removed subteam_updated team_access_granted team_access_revoked
    team_domain_change team_join team_rename tokens_revoked user_change user_huddle_changed user_profile_changed
    user_status_changed
"""
BOT_EVENTS = frozenset(_BOT_EVENTS.split())

EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "assistant_thread_context_changed": "assistant:write",
    "assistant_thread_started": "assistant:write",
    "channel_archive": "channels:read",
    "channel_created": "channels:read",
    "channel_deleted": "channels:read",
    "channel_rename": "channels:read",
    "emoji_changed": "emoji:read",
    "file_shared": "files:read",
    "link_shared": "links:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "pin_added": "pins:read",
    "pin_removed": "pins:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "team_join": "users:read",
    "user_change": "users:read",
}
"""Which scope an event needs, for the events where an app is most likely to meet that."""
