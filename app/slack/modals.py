"""Modals: what opens over a conversation or the Home to enter or read something.

https://docs.slack.dev/surfaces/modals. The ``block_id`` of an input is the name of what is entered, so that a problem
can be shown right there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import (
    Block,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.blocks.block_elements import InputInteractiveElement
from slack_sdk.models.views import View

from app.domain.titles import LONGEST_TEMPLATE, PLACEHOLDERS
from app.domain.workspaces import Enders, Preferences, Starters, WorkspaceSettings
from app.slack.blocks import paragraph

ACCOUNT_CHOSEN = "account_chosen"
ACCOUNT_ENTERED = "account_entered"
ACCOUNT_REMOVED = "account_removed"
SETTINGS_ENTERED = "settings_entered"
CHANNEL_ENTERED = "channel_entered"
PREFERENCES_ENTERED = "preferences_entered"
ENTERED = "entered"
"""The ``action_id`` of every input: there is one in each block."""
PROVIDER, ACCOUNT, CHANNEL = "provider", "account", "channel"
STARTERS, ENDERS, GUESTS, TEMPLATE = "who_may_start", "who_may_end", "allows_guests", "title_template"
DEFAULT = "default_account"
AS_WORKSPACE = "as_workspace"
"""In the place of an account: where the workspace's calls are held."""
YES, NO = "true", "false"
LONGEST_TITLE = 24
LONGEST_LABEL = 75
LONGEST_HINT = 150
LONGEST_INPUT = 3000

Choices = Sequence[tuple[str, str]]
"""Values with the words that people see."""


def modal(
    title: str, blocks: Sequence[Block], *, callback_id: str = "", submit: str = "", metadata: str = ""
) -> dict[str, object]:
    """A form when it has a ``submit`` button, else something to read. ``metadata`` comes back with the form."""
    view = View(
        type="modal",
        title=title[:LONGEST_TITLE],
        blocks=list(blocks),
        callback_id=callback_id or None,
        submit=submit or None,
        close="Cancel" if submit else "Close",
        private_metadata=metadata or None,
    )
    told: dict[str, object] = view.to_dict()
    return told


def told(title: str, *paragraphs: str) -> dict[str, object]:
    """Something to read, in mrkdwn."""
    return modal(title, [paragraph(each[:LONGEST_INPUT]) for each in paragraphs if each])


def choose_provider(providers: Choices) -> dict[str, object]:
    ask = InputBlock(
        label="Where do you hold calls?", block_id=PROVIDER, element=_select(providers, placeholder="Choose a provider")
    )
    return modal("Add an account", [ask], callback_id=ACCOUNT_CHOSEN, submit="Next")


def account_form(title: str, inputs: Sequence[Block], *, metadata: str) -> dict[str, object]:
    return modal(title, inputs, callback_id=ACCOUNT_ENTERED, submit="Save", metadata=metadata)


def ask_to_remove(text: str, *, metadata: str) -> dict[str, object]:
    """``text`` in mrkdwn says what goes."""
    return modal(
        "Remove an account", [paragraph(text)], callback_id=ACCOUNT_REMOVED, submit="Remove", metadata=metadata
    )


def settings_form(settings: WorkspaceSettings, accounts: Choices) -> dict[str, object]:
    chosen = str(settings.default_account) if settings.default_account else ""
    starters = [
        (Starters.EVERYBODY, "Everybody"),
        (Starters.MEMBERS, "Members, but no guests of the workspace"),
        (Starters.ADMINS, "Admins"),
    ]
    enders = [(Enders.STARTER, "Whoever started it, and admins"), (Enders.EVERYBODY, "Everybody")]
    guests = [(YES, "Yes, by entering a name"), (NO, "No, only people who sign in with Slack")]
    inputs = [
        _choice("Who may start calls?", STARTERS, starters, settings.who_may_start),
        _choice("Who may end and rename a call?", ENDERS, enders, settings.who_may_end),
        _choice("May people without an account here join?", GUESTS, guests, YES if settings.allows_guests else NO),
        _template(settings.title_template),
    ]
    if accounts:
        inputs.insert(0, _choice("Where are calls held?", DEFAULT, accounts, chosen, is_optional=True))
    return modal("This workspace", inputs, callback_id=SETTINGS_ENTERED, submit="Save")


def channel_form(accounts: Choices) -> dict[str, object]:
    channel = ConversationSelectElement(
        action_id=ENTERED,
        placeholder="Choose a channel",
        filter=ConversationFilter(include=["public", "private"], exclude_bot_users=True),
    )
    inputs = [
        InputBlock(label="Channel", block_id=CHANNEL, element=channel),
        _choice("Where are they held?", ACCOUNT, [(AS_WORKSPACE, "Where the workspace's are"), *accounts]),
    ]
    return modal("Calls of one channel", inputs, callback_id=CHANNEL_ENTERED, submit="Save")


def preferences_form(preferences: Preferences) -> dict[str, object]:
    return modal(
        "Your preferences", [_template(preferences.title_template)], callback_id=PREFERENCES_ENTERED, submit="Save"
    )


def text_input(
    label: str,
    block_id: str,
    *,
    hint: str = "",
    initial: str = "",
    is_optional: bool = False,
    several_lines: bool = False,
    placeholder: str = "",
) -> InputBlock:
    element = PlainTextInputElement(
        action_id=ENTERED,
        initial_value=initial or None,
        multiline=several_lines or None,
        max_length=LONGEST_INPUT,
        placeholder=placeholder[:LONGEST_HINT] or None,
    )
    return _input(label, block_id, element, hint=hint, is_optional=is_optional)


def choice_input(
    label: str, block_id: str, choices: Choices, *, hint: str = "", initial: str = "", is_optional: bool = False
) -> InputBlock:
    return _input(label, block_id, _select(choices, initial), hint=hint, is_optional=is_optional)


def entered(values: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, str]:
    """What stands in a form, by the name of each input; ``""`` where nothing does.

    https://docs.slack.dev/reference/views/modal-views, ``view.state.values``
    """
    return {block_id: _value(dict(actions.get(ENTERED, {}))) for block_id, actions in values.items()}


def _value(element: Mapping[str, object]) -> str:
    option = element.get("selected_option")
    if isinstance(option, dict):
        return str(option.get("value") or "")
    return str(element.get("value") or element.get("selected_conversation") or "")


def _template(template: str) -> InputBlock:
    known = " and ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    return _input(
        "Title of calls that are given none",
        TEMPLATE,
        PlainTextInputElement(action_id=ENTERED, initial_value=template or None, max_length=LONGEST_TEMPLATE),
        hint=f"{known} stand for the channel's name and the day.",
        is_optional=True,
    )


def _choice(label: str, block_id: str, choices: Choices, initial: str = "", *, is_optional: bool = False) -> InputBlock:
    return choice_input(label, block_id, choices, initial=initial, is_optional=is_optional)


def _select(choices: Choices, initial: str = "", *, placeholder: str = "Choose") -> StaticSelectElement:
    options = [Option(text=words[:LONGEST_LABEL], value=value) for value, words in choices]
    chosen = next((option for option in options if option.value == initial), None)
    return StaticSelectElement(action_id=ENTERED, placeholder=placeholder, options=options, initial_option=chosen)


def _input(label: str, block_id: str, element: InputInteractiveElement, *, hint: str, is_optional: bool) -> InputBlock:
    return InputBlock(
        label=label, block_id=block_id, element=element, hint=hint[:2000] or None, optional=is_optional or None
    )
