"""What every provider promises. Each one's tests subclass ``ProviderContract`` (``WebhookContract`` when it is told
things) and bring a ``Case``: the provider beside a stand-in of its vendor.

Hypothesis draws inside of the tests: a test that is inherited by several classes cannot be decorated with ``given``.
"""

from __future__ import annotations

import functools
import re
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.calls import CallSnapshot, Fact
from app.domain.card import CallCard, call_card
from app.domain.events import Event, ParticipantJoined, ParticipantLeft
from app.domain.fold import fold
from app.domain.meetings import Meeting, MeetingRequest, Visitor
from app.errors import (
    PermanentFailure,
    RateLimited,
    RequestFailed,
    TemporaryFailure,
    WebhookMalformed,
    WebhookRejected,
)
from app.providers.base import Provider, WebhookRequest
from app.providers.registry import PROVIDERS
from app.services.deliveries import harmless, without_secrets
from tests.clocks import NOON, MovedClock
from tests.providers.garbage import ANY_TEXT, garbage_for, json_bodies, spoiled
from tests.providers.standin import HANG_UP, Reply, StandIn

WISH = MeetingRequest(key="0123456789abcdef-weekly", title="Weekly “Sync” 🎥 / <b>\x00\ud83d")
METHODS = {
    "sends_events": ("verify", "parse_events", "test_delivery"),
    "ends_meetings": ("end_meeting",),
    "looks": ("look",),
    "renames_meetings": ("rename_meeting",),
    "personal_links": ("personal_link",),
    "registers_webhooks": ("set_up_webhooks",),
}
ARGUMENTS = {
    "verify": (WebhookRequest.of(body=b"", headers={}),),
    "parse_events": (WebhookRequest.of(body=b"", headers={}),),
    "end_meeting": (Meeting(id="any"),),
    "look": (Meeting(id="any"),),
    "test_delivery": (),
    "rename_meeting": (Meeting(id="any"), "Another title"),
    "personal_link": (Meeting(id="any"), Visitor(key="person", name="Ada")),
    "set_up_webhooks": (),
}
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

fuzz = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a vendor sends along with a body to prove that it is genuine, where that is not in headers alone."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


Sign = Callable[[bytes, datetime], dict[str, str] | Proof]


def _as_it_is(body: bytes) -> bytes:
    return body


@dataclass(kw_only=True)
class Case:
    """A provider to be tried. ``refuse`` makes its vendor refuse our credentials in the next answer; None where
    there is no vendor to ask. ``creates_by_asking`` is False where a meeting exists without the vendor being told.
    ``vendor`` is the stand-in that is asked."""

    provider: Provider
    clock: MovedClock
    secrets: Sequence[str] = ()
    refuse: Callable[[], None] | None = None
    creates_by_asking: bool = True
    vendor: StandIn | None = None

    @property
    def asks(self) -> bool:
        return self.creates_by_asking or self.provider.capabilities.ends_meetings

    def ask(self) -> None:
        """Something of the vendor's API that every call needs."""
        if self.creates_by_asking:
            self.provider.create_meeting(WISH)
        else:
            self.provider.end_meeting(self.provider.create_meeting(WISH))


@dataclass(kw_only=True)
class WebhookCase(Case):
    """``history`` is the bodies of a true history of one meeting, in order; ``unfollowed`` a genuine body of an event
    that we do not follow. ``path`` is where the vendor sends the first of them.

    ``fresh_for`` is how long a signature is good, at the least, and never ten times longer; None where it holds no
    time. ``proves_body`` is False where the vendor only sends a password along. ``unpack`` takes the JSON object out
    of a body that is none itself, such as a form, and ``pack`` makes such a body of any JSON."""

    history: Sequence[bytes]
    unfollowed: bytes
    sign: Sign
    sign_with_previous_secret: Sign
    sign_with_foreign_secret: Sign
    proof_headers: Sequence[str]
    fresh_for: timedelta | None = timedelta(minutes=5)
    proves_body: bool = True
    pack: Callable[[bytes], bytes] = _as_it_is
    unpack: Callable[[bytes], bytes] = _as_it_is
    path: str = ""

    def delivery(self, body: bytes, sign: Sign | None = None) -> WebhookRequest:
        proof = (sign or self.sign)(body, self.clock.now())
        if isinstance(proof, dict):
            proof = Proof(headers=proof)
        return WebhookRequest.of(body=body, headers=proof.headers, query=proof.query, path=self.path)

    def deliveries(self) -> list[WebhookRequest]:
        return [self.delivery(body) for body in self.history]

    def events(self) -> list[Event]:
        return [event for delivery in self.deliveries() for event in self.provider.parse_events(delivery)]


class ProviderContract(ABC):
    @pytest.fixture
    @abstractmethod
    def case(self) -> Case:
        """The provider and its vendor."""

    def test_the_registry_knows_it(self, case: Case) -> None:
        assert type(case.provider) in PROVIDERS
        assert re.fullmatch("[a-z][a-z0-9]*", case.provider.name)
        assert case.provider.display_name

    def test_the_same_key_gives_the_same_meeting(self, case: Case) -> None:
        assert case.provider.create_meeting(WISH) == case.provider.create_meeting(WISH)

    def test_another_key_gives_another_meeting(self, case: Case) -> None:
        other = MeetingRequest(key="another-key", title=WISH.title)
        assert case.provider.create_meeting(WISH).id != case.provider.create_meeting(other).id

    def test_a_meeting_can_be_reached(self, case: Case) -> None:
        meeting = case.provider.create_meeting(WISH)
        has_personal_links = case.provider.capabilities.personal_links
        assert (meeting.join_url is None) == has_personal_links
        if meeting.join_url:
            assert meeting.join_url.startswith(("http://", "https://"))

    def test_what_is_made_can_be_stored(self, case: Case) -> None:
        meeting = case.provider.create_meeting(WISH)
        assert isinstance(meeting.id, str)
        assert not UNSTORABLE.search(repr(meeting))

    def test_it_can_what_it_says_it_can(self, case: Case) -> None:
        for capability, methods in METHODS.items():
            inherited = {name for name in methods if getattr(type(case.provider), name) is getattr(Provider, name)}
            assert inherited == (set() if getattr(type(case.provider).capabilities, capability) else set(methods))

    def test_its_settings_give_it_nothing_that_the_vendor_cannot(self, case: Case) -> None:
        for capability in METHODS:
            vendor = getattr(type(case.provider).capabilities, capability)
            assert vendor or not getattr(case.provider.capabilities, capability)

    def test_what_it_cannot_is_not_there(self, case: Case) -> None:
        for capability, methods in METHODS.items():
            if not getattr(type(case.provider).capabilities, capability):
                for name in methods:
                    with pytest.raises(NotImplementedError):
                        getattr(case.provider, name)(*ARGUMENTS[name])

    def test_where_nobody_can_be_asked_there_is_a_limit(self, case: Case) -> None:
        assert (case.provider.limit_seconds is None) == case.provider.capabilities.looks

    def test_its_settings_can_be_checked(self, case: Case) -> None:
        assert all(proven.endswith(".") for proven in case.provider.check())

    def test_a_check_says_what_is_wrong(self, case: Case) -> None:
        if case.refuse is None:
            pytest.skip("asks nobody")
        case.refuse()
        with pytest.raises(RequestFailed) as raised:
            case.provider.check()
        told = "".join(traceback.format_exception(raised.value))
        assert f"{case.provider.name.upper()}_" in told
        assert not [secret for secret in case.secrets if secret in told]

    def test_a_new_meeting_has_nobody_in_it(self, case: Case) -> None:
        if not case.provider.capabilities.looks:
            pytest.skip("cannot look")
        seen = case.provider.look(case.provider.create_meeting(WISH))
        assert seen is not None
        assert seen.people == ()

    def test_an_ended_meeting_is_not_running(self, case: Case) -> None:
        if not (case.provider.capabilities.looks and case.provider.capabilities.ends_meetings):
            pytest.skip("cannot end or look")
        meeting = case.provider.create_meeting(WISH)
        case.provider.end_meeting(meeting)
        assert case.provider.look(meeting) is None

    def test_ending_twice_is_no_error(self, case: Case) -> None:
        if not case.provider.capabilities.ends_meetings:
            pytest.skip("cannot end")
        meeting = case.provider.create_meeting(WISH)
        case.provider.end_meeting(meeting)
        case.provider.end_meeting(meeting)

    def test_renaming_a_meeting_that_is_gone_is_no_error(self, case: Case) -> None:
        if not case.provider.capabilities.renames_meetings:
            pytest.skip("cannot rename")
        meeting = case.provider.create_meeting(WISH)
        case.provider.rename_meeting(meeting, "Another “title” 🎥")
        case.provider.end_meeting(meeting)
        case.provider.rename_meeting(meeting, "And another")

    def test_setting_up_webhooks_twice_is_no_error(self, case: Case) -> None:
        if not case.provider.capabilities.registers_webhooks:
            pytest.skip("does not register webhooks")
        assert case.provider.set_up_webhooks()
        assert case.provider.set_up_webhooks()

    def test_everybody_gets_a_link_of_their_own(self, case: Case) -> None:
        if not case.provider.capabilities.personal_links:
            pytest.skip("has no personal links")
        meeting = case.provider.create_meeting(WISH)
        people = [Visitor(key="slack-T1-U1", name="Ada"), Visitor(key="slack-T1-U2", name="Ü\x00\ud83d & ?")]
        links = [case.provider.personal_link(meeting, person) for person in people]
        urls, keys = {link.url for link in links}, {link.person_key for link in links}
        assert len(urls) == 2
        assert all(url.startswith(("http://", "https://")) and url.isascii() for url in urls)
        assert keys == {None} or len(keys) == 2

    def test_secrets_are_nowhere_to_be_seen(self, case: Case) -> None:
        meeting = case.provider.create_meeting(WISH)
        account = case.provider.account
        seen = [case.provider, account, meeting, account.model_dump(), account.model_dump_json(), vars(case.provider)]
        for secret in case.secrets:
            assert secret not in " ".join(f"{one!r} {one!s}" for one in seen)

    @pytest.mark.parametrize(
        ("reply", "kind"),
        [
            pytest.param(Reply(401), PermanentFailure, id="401"),
            pytest.param(Reply(409), PermanentFailure, id="409"),
            pytest.param(Reply(429, headers={"Retry-After": "17"}), RateLimited, id="429"),
            pytest.param(Reply(500), TemporaryFailure, id="500"),
            pytest.param(Reply(503), TemporaryFailure, id="503"),
            pytest.param(HANG_UP, TemporaryFailure, id="hangs up"),
        ],
    )
    def test_trouble_at_the_vendor_has_its_kind(self, case: Case, reply: Reply, kind: type[RequestFailed]) -> None:
        if case.vendor is None or not case.asks:
            pytest.skip("asks nobody")
        case.vendor.always = reply
        with pytest.raises(kind) as raised:
            case.ask()
        if isinstance(raised.value, RateLimited):
            assert raised.value.retry_after_seconds == 17

    def test_a_vendor_that_takes_too_long_may_recover(self, case: Case) -> None:
        if case.vendor is None or not case.asks:
            pytest.skip("asks nobody")
        case.vendor.before = lambda _: case.clock.move(7.1)
        with pytest.raises(TemporaryFailure):
            case.ask()

    def test_errors_keep_secrets(self, case: Case) -> None:
        if case.refuse is None or not case.creates_by_asking:
            pytest.skip("asks nobody")
        case.refuse()
        with pytest.raises(RequestFailed) as raised:
            case.provider.create_meeting(WISH)
        told = "".join(traceback.format_exception(raised.value))
        assert not [secret for secret in case.secrets if secret in told]


class WebhookContract(ProviderContract):
    @pytest.fixture
    @abstractmethod
    def case(self) -> WebhookCase:
        """The provider, its vendor, and what the vendor would send."""

    def test_a_good_signature_is_accepted(self, case: WebhookCase) -> None:
        for delivery in case.deliveries():
            case.provider.verify(delivery)

    def test_what_is_stored_of_a_delivery_holds_no_secret_and_can_be_read_again(self, case: WebhookCase) -> None:
        for delivery in case.deliveries():
            body, headers = without_secrets(delivery.body, case.provider.secret_fields), harmless(delivery.headers)
            assert not any(secret in f"{body!r} {headers}" for secret in case.secrets)
            stored = WebhookRequest.of(body=body, headers=headers)
            assert case.provider.parse_events(stored) == case.provider.parse_events(delivery)

    def test_the_previous_secret_is_accepted(self, case: WebhookCase) -> None:
        case.provider.verify(case.delivery(case.history[0], case.sign_with_previous_secret))

    def test_another_secret_is_rejected(self, case: WebhookCase) -> None:
        assert_rejected(case, case.delivery(case.history[0], case.sign_with_foreign_secret))

    def test_a_changed_body_is_rejected(self, case: WebhookCase) -> None:
        if not case.proves_body:
            pytest.skip("has a password only")
        delivery = case.delivery(case.history[0])
        assert_rejected(case, replace(delivery, body=delivery.body + b" "))

    def test_another_deliverys_signature_is_rejected(self, case: WebhookCase) -> None:
        if not case.proves_body:
            pytest.skip("has a password only")
        for one, other in pairwise(case.deliveries()):
            assert_rejected(case, replace(other, body=one.body))

    def test_without_proof_nothing_is_accepted(self, case: WebhookCase) -> None:
        delivery = case.delivery(case.history[0])
        for missing in case.proof_headers:
            headers = {name: value for name, value in delivery.headers.items() if name != missing.lower()}
            assert_rejected(case, replace(delivery, headers=headers))
        if delivery.query:
            assert_rejected(case, replace(delivery, query=""))

    def test_header_names_may_be_in_any_case(self, case: WebhookCase) -> None:
        delivery = case.delivery(case.history[0])
        headers = {name.upper(): value for name, value in delivery.headers.items()}
        case.provider.verify(replace(delivery, headers=WebhookRequest.of(body=b"", headers=headers).headers))

    def test_a_delivery_may_be_a_little_late(self, case: WebhookCase) -> None:
        if case.fresh_for is None:
            pytest.skip("has no time")
        delivery = case.delivery(case.history[0])
        case.clock.move(case.fresh_for.total_seconds())
        case.provider.verify(delivery)

    def test_a_stale_delivery_is_rejected(self, case: WebhookCase) -> None:
        if case.fresh_for is None:
            pytest.skip("has no time")
        delivery = case.delivery(case.history[0])
        case.clock.move(case.fresh_for.total_seconds() * 10)
        assert_rejected(case, delivery)

    def test_a_delivery_from_the_future_is_rejected(self, case: WebhookCase) -> None:
        if case.fresh_for is None:
            pytest.skip("has no time")
        delivery = case.delivery(case.history[0])
        case.clock.move(-case.fresh_for.total_seconds() * 10)
        assert_rejected(case, delivery)

    def test_garbage_in_a_header_is_rejected(self, case: WebhookCase) -> None:
        delivery = case.delivery(case.history[0])
        if not case.proof_headers:
            pytest.skip("proves itself elsewhere")

        @fuzz
        @given(st.sampled_from(case.proof_headers), garbage_for([delivery.header(n) for n in case.proof_headers]))
        def attempt(header: str, value: str) -> None:
            # Where several signatures may stand in one header, garbage beside the true one does not spoil it.
            if delivery.header(header).strip() not in (value.strip(), *value.split()):
                headers = {**delivery.headers, header.lower(): value}
                assert_rejected(case, replace(delivery, headers=headers))

        attempt()

    def test_garbage_in_the_query_is_rejected(self, case: WebhookCase) -> None:
        delivery = case.delivery(case.history[0])
        if not delivery.query:
            pytest.skip("proves itself elsewhere")

        @fuzz
        @given(garbage_for([delivery.query]))
        def attempt(query: str) -> None:
            if query != delivery.query:
                assert_rejected(case, replace(delivery, query=query))

        attempt()

    def test_garbage_in_all_headers_is_rejected(self, case: WebhookCase) -> None:
        @fuzz
        @given(st.fixed_dictionaries(dict.fromkeys(case.proof_headers, ANY_TEXT)), st.binary())
        def attempt(headers: dict[str, str], body: bytes) -> None:
            assert_rejected(case, WebhookRequest.of(body=body, headers=headers, path=case.path))

        attempt()

    def test_garbage_that_is_signed_is_malformed_or_of_no_interest(self, case: WebhookCase) -> None:
        @fuzz
        @given(st.binary() | json_bodies() | json_bodies().map(case.pack))
        def attempt(body: bytes) -> None:
            assert not events_or_malformed(case, body)

        attempt()

    def test_a_spoiled_body_is_malformed_or_still_makes_sense(self, case: WebhookCase) -> None:
        @fuzz
        @given(spoiled([case.unpack(body) for body in case.history]))
        def attempt(body: bytes) -> None:
            for event in events_or_malformed(case, case.pack(body)):
                assert_can_be_stored(event)

        attempt()

    def test_a_test_delivery_is_genuine_and_about_no_meeting_of_ours(self, case: WebhookCase) -> None:
        delivery = case.provider.test_delivery()
        assert delivery.path in case.provider.webhook_paths
        case.provider.verify(delivery)
        ours = {event.meeting_id for event in case.events()}
        assert not ours & {event.meeting_id for event in case.provider.parse_events(delivery)}

    def test_an_event_that_we_do_not_follow_says_nothing(self, case: WebhookCase) -> None:
        delivery = case.delivery(case.unfollowed)
        case.provider.verify(delivery)
        assert list(case.provider.parse_events(delivery)) == []

    def test_ids_are_texts(self, case: WebhookCase) -> None:
        for event in case.events():
            assert_can_be_stored(event)

    def test_one_meeting_has_one_id(self, case: WebhookCase) -> None:
        assert len({event.meeting_id for event in case.events()}) == 1

    def test_each_event_has_a_dedupe_key_of_its_own(self, case: WebhookCase) -> None:
        keys = [event.dedupe_key for event in case.events()]
        assert len(set(keys)) == len(keys)

    def test_a_delivery_that_comes_again_has_the_same_dedupe_keys(self, case: WebhookCase) -> None:
        for delivery in case.deliveries():
            again = replace(delivery)
            assert case.provider.parse_events(again) == case.provider.parse_events(delivery)

    def test_events_in_any_order_give_the_same_card(self, case: WebhookCase) -> None:
        events = case.events()
        expected = card_after(events)

        @fuzz
        @given(st.permutations(events), st.lists(st.sampled_from(events)))
        def attempt(shuffled: list[Event], repeated: list[Event]) -> None:
            assert card_after([*shuffled, *repeated]) == expected

        attempt()

    def test_everybody_of_a_true_history_has_gone_in_the_end(self, case: WebhookCase) -> None:
        card = card_after(case.events())
        assert card.attended
        assert not card.present
        # Where no webhook says that the meeting is over, the call ends by standing empty.
        assert card.duration_seconds is not None or case.provider.idle_seconds is not None

    def test_whoever_leaves_has_come(self, case: WebhookCase) -> None:
        joined = {event.person.connection_id for event in case.events() if isinstance(event, ParticipantJoined)}
        left = {event.person.connection_id for event in case.events() if isinstance(event, ParticipantLeft)}
        assert joined == left

    def test_rejections_keep_secrets_and_bodies(self, case: WebhookCase) -> None:
        delivery = case.delivery(case.history[0], case.sign_with_foreign_secret)
        with pytest.raises(WebhookRejected) as raised:
            case.provider.verify(delivery)
        told = "".join(traceback.format_exception(raised.value))
        kept = [*case.secrets, *delivery.headers.values(), delivery.query]
        assert not [secret for secret in kept if secret and secret in told]

    def test_complaints_about_a_body_do_not_quote_it(self, case: WebhookCase) -> None:
        for body in case.history:
            spoilt = case.delivery(re.sub(rb"\d{10}|\d{4}-\d{2}-\d{2}", b"not-to-be-quoted", body))
            with pytest.raises(WebhookMalformed) as raised:
                case.provider.parse_events(spoilt)
            assert "not-to-be-quoted" not in "".join(traceback.format_exception(raised.value))


# --- Judging ----------------------------------------------------------------------------------------------------


def assert_rejected(case: WebhookCase, request: WebhookRequest) -> None:
    with pytest.raises(WebhookRejected):
        case.provider.verify(request)


def events_or_malformed(case: WebhookCase, body: bytes) -> Sequence[Event]:
    """What a signed ``body`` says; nothing when it is malformed. Any other error fails the test."""
    try:
        return case.provider.parse_events(case.delivery(body))
    except WebhookMalformed:
        return []


def assert_can_be_stored(event: Event) -> None:
    texts = [event.meeting_id, event.dedupe_key, event.occurrence_id]
    if isinstance(event, ParticipantJoined | ParticipantLeft):
        person = event.person
        texts += [person.key, person.connection_id, person.name, person.email, person.avatar_url, person.slack_id]
    for text in texts:
        assert text is None or isinstance(text, str)
        assert not text or not UNSTORABLE.search(text)
        assert text is None or 0 < len(text) <= 2000
    assert event.at.tzinfo is UTC
    assert 1970 <= event.at.year < 2200


def card_after(events: Sequence[Event]) -> CallCard:
    started_at = NOON - timedelta(days=1)
    asked = CallSnapshot(id="call", created_by="U1", started_at=started_at, title=Fact(started_at, "Weekly sync"))
    return call_card(functools.reduce(fold, events, asked))
