"""What is wrong in the end: lost, doubled, or shown where it never was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.emulator import Emulator
from app.emulator.calls import Call
from bench.scene import STARTER
from bench.soak.truth import Run, Slot, Truth


@dataclass(slots=True)
class Verdict:
    """Sentences, one for each thing that is wrong. ``unseen`` counts those who were in for seconds only, and whom an
    ended card does not show, ``glimpsed`` all of them in calls that have ended; ``told_failed`` sentences that told
    somebody that a call could not be started."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unseen: int = 0
    glimpsed: int = 0
    ended: int = 0
    told_failed: int = 0


def judge(truth: Truth, slack: Emulator) -> Verdict:
    verdict = Verdict()
    workspace = slack.workspace()
    with workspace.lock:
        calls = workspace.calls.all()
        told = Counter(message.channel for message in workspace.messages.only_for(STARTER))
        messages = {slot.channel: len(workspace.messages.in_channel(slot.channel)) for slot in truth.slots}
    for slot in truth.slots:
        cards = [call for call in calls if slot.channel in call.channels]
        _judge_slot(verdict, slot, cards, messages[slot.channel], told[slot.channel])
    verdict.doubled += [f"{title} has {len(ids)} meetings" for title, ids in truth.meetings.items() if len(ids) > 1]
    ids = Counter(call.external_unique_id for call in calls)
    verdict.doubled += [f"{id_} was added {count} times" for id_, count in ids.items() if count > 1]
    verdict.doubled += [f"{call.title} is on no card" for call in calls if not call.channels]
    return verdict


def _judge_slot(verdict: Verdict, slot: Slot, cards: Sequence[Call], messages: int, failed: int) -> None:
    verdict.told_failed += failed
    missing = len(slot.runs) - len(cards)
    if missing > failed:
        verdict.lost.append(f"{slot.title}: {len(slot.runs)} calls, {len(cards)} cards, {failed} told of")
    if messages > len(slot.runs):
        verdict.doubled.append(f"{slot.title}: {len(slot.runs)} calls, {messages} messages")
    for run, card in _pairs(slot.runs, cards):
        verdict.ended += run.ended_at is not None
        verdict.lost += [f"{slot.title}, run {run.number}: {wrong}" for wrong in _lost(run, card)]
        verdict.doubled += [f"{slot.title}, run {run.number}: {wrong}" for wrong in _doubled(run, card)]
        if run.ended_at is not None:
            verdict.glimpsed += len(run.glimpsed)
            verdict.unseen += len(run.glimpsed - set(_ids(card.everyone)))


def _pairs(runs: Sequence[Run], cards: Sequence[Call]) -> Iterator[tuple[Run, Call]]:
    """Each card with the run whose people it shows; cards without people with the runs that are left, in order."""
    left = list(runs)
    for card in cards:
        people = set(_ids(card.everyone))
        run = next((run for run in left if people & run.attended), left[0] if left else None)
        if run is not None:
            left.remove(run)
            yield run, card


def _lost(run: Run, card: Call) -> Iterator[str]:
    if card.has_ended != (run.ended_at is not None):
        yield f"ended is {card.has_ended}"
    if not card.has_ended:
        if gone := set(_ids(card.present)) - set(run.present):
            yield f"{len(gone)} are shown who have gone: {sorted(gone)[:3]}"
        if absent := set(run.present) - set(_ids(card.present)):
            yield f"{len(absent)} are in and not shown: {sorted(absent)[:3]}"
    if unknown := run.attended - run.glimpsed - set(_ids(card.everyone)):
        yield f"{len(unknown)} were in and are not shown: {sorted(unknown)[:3]}"


def _doubled(run: Run, card: Call) -> Iterator[str]:
    for people in (card.present, card.everyone):
        if twice := [key for key, count in Counter(_ids(people)).items() if count > 1]:
            yield f"twice on the card: {twice[:3]}"
    if strangers := set(_ids(card.everyone)) - run.attended:
        yield f"never in, and shown: {sorted(strangers)[:3]}"


def _ids(people: Sequence[dict[str, str]]) -> list[str]:
    return [person.get("external_id", "") for person in people]
