"""What people are asked who add an account, and what they are told of what they entered."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from app.errors import PermanentFailure
from app.providers.base import Provider
from app.providers.forms import FieldKind, all_forms, form_of, problems_of
from app.providers.registry import BY_NAME, PROVIDERS, open_account
from tests.clocks import NOON, MovedClock
from tests.providers.jaas.server import KEY_ID, pem

SECRET = "A" * 43 + "="
LOOPBACK = "http://127.0.0.1:9"
# What somebody might enter who would like to see what answers in our own network.
INWARD = {
    "bigbluebutton": {"url": LOOPBACK, "secret": "secret"},
    "daily": {"url": LOOPBACK, "api_key": "key", "webhook_secret": SECRET},
    "jaas": {
        "url": LOOPBACK,
        "app_id": "vpaas-magic-cookie-0a1b",
        "key_id": KEY_ID,
        "private_key": pem(),
        "webhook_secret": "whsec_secret",
    },
    "jitsi": {"url": "http://localhost.localdomain:9", "webhook_token": "token", "muc_domain": "muc.example.com"},
    "livekit": {"url": LOOPBACK, "api_key": "key", "api_secret": "s" * 32},
    "mirotalk": {"url": LOOPBACK, "api_key_secret": "key"},
    "standard": {"url": LOOPBACK, "api_key": "key", "webhook_secret": f"whsec_{SECRET}"},
    "whereby": {"url": LOOPBACK, "api_key": "key", "webhook_secret": "secret"},
    "zoom": {
        "url": LOOPBACK,
        "account_id": "account",
        "client_id": "client",
        "client_secret": "secret",
        "webhook_secret": "secret",
        "hosts": "ada@example.com, grace@example.com",
    },
}


def opened(name: str, settings: dict[str, str], *, only_public: bool = True) -> Provider:
    return open_account(
        BY_NAME[name],
        settings,
        MovedClock(NOON),
        account_id="acc-1",
        public_url="https://calls.example.com",
        only_public=only_public,
    )


def problems(name: str, settings: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ValidationError) as raised:
        opened(name, settings)
    return problems_of(BY_NAME[name], raised.value)


@pytest.mark.parametrize("name", sorted(INWARD))
def test_no_provider_asks_in_a_private_network_for_strangers(name: str) -> None:
    with pytest.raises(PermanentFailure) as refused:
        opened(name, {**INWARD[name], "url": LOOPBACK}).check()
    assert refused.value.code == "private_address"


def test_every_provider_that_asks_at_all_is_tried() -> None:
    assert set(INWARD) == {provider.name for provider in PROVIDERS} - {"link"}


def test_an_account_has_its_own_address_for_webhooks() -> None:
    account = opened("livekit", INWARD["livekit"])
    assert account.webhook_url == "https://calls.example.com/webhooks/livekit/acc-1"
    assert account.account_id == "acc-1"
    assert type(account).account_id == "default"


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_a_form_asks_for_all_that_an_account_is(provider: type[Provider]) -> None:
    form = form_of(provider)
    assert [field.name for field in form.fields] == list(provider.Account.model_fields)
    for field in form.fields:
        info = provider.Account.model_fields[field.name]
        assert field.is_secret == (SecretStr.__name__ in str(info.annotation))
        assert field.is_optional != info.is_required()
        assert field.help
        assert provider.name.upper() + "_" not in field.help
        if field.default and not field.is_secret:
            assert field.kind is not FieldKind.CHOICE or field.default in field.choices


def test_forms_are_in_the_order_of_names_that_people_know() -> None:
    names = [form.display_name for form in all_forms()]
    assert names == sorted(names, key=str.lower)
    assert len(names) == len(PROVIDERS)


@pytest.mark.parametrize(
    ("name", "field", "kind"),
    [
        ("livekit", "url", FieldKind.TEXT),
        ("livekit", "api_secret", FieldKind.SECRET),
        ("livekit", "previous_api_secret", FieldKind.SECRET),
        ("jaas", "private_key", FieldKind.SECRET_LINES),
        ("jitsi", "end_private_key", FieldKind.SECRET_LINES),
        ("jaas", "features", FieldKind.LIST),
        ("zoom", "hosts", FieldKind.LIST),
        ("zoom", "waiting_room", FieldKind.YES_NO),
        ("zoom", "meetings_per_host", FieldKind.NUMBER),
        ("daily", "room_hours", FieldKind.NUMBER),
        ("bigbluebutton", "checksum", FieldKind.CHOICE),
        ("jitsi", "muc_domain", FieldKind.TEXT),
    ],
)
def test_each_setting_is_entered_in_its_own_way(name: str, field: str, kind: FieldKind) -> None:
    [found] = [each for each in form_of(BY_NAME[name]).fields if each.name == field]
    assert found.kind is kind


def test_labels_are_words() -> None:
    labels = [field.label for field in form_of(BY_NAME["livekit"]).fields]
    assert labels == ["Address", "API key", "API secret", "Previous API key", "Previous API secret", "Meet address"]


@pytest.mark.parametrize(
    ("name", "changes", "field", "sentence"),
    [
        ("livekit", {"url": "nowhere"}, "url", "This must be an address such as wss://my-project.livekit.cloud."),
        ("livekit", {"api_key": None}, "api_key", "This is needed."),
        ("livekit", {"previous_api_key": "old"}, "previous_api_secret", "“Previous API key”."),
        ("zoom", {"meetings_per_host": "3"}, "meetings_per_host", "This should be less than or equal to 2."),
        ("zoom", {"waiting_room": "perhaps"}, "waiting_room", "This must be true or false."),
        ("jaas", {"app_id": "swordfish"}, "app_id", "This does not look as it should."),
        ("jaas", {"private_key": "swordfish"}, "private_key", "RSA private key"),
        ("jitsi", {"app_secret": "swordfish"}, "app_secret", "together with “App ID”."),
        (
            "bigbluebutton",
            {"checksum": "swordfish"},
            "checksum",
            "This should be 'sha1', 'sha256', 'sha384' or 'sha512'.",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    name: str, changes: dict[str, str | None], field: str, sentence: str
) -> None:
    entered = {key: value for key, value in {**INWARD[name], **changes}.items() if value is not None}
    told = problems(name, entered)
    assert list(told) == [field]
    assert sentence in told[field]
    assert "swordfish" not in told[field]
