"""What the soak came to, as figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median, quantiles

from bench.figures import Figure
from bench.soak.sightings import Sighting
from bench.soak.verdict import Verdict
from bench.soak.watch import Sample

WARM_UP = 1 / 3
"""Of the time: until some minutes after the second kill, because a process that has just started is smaller. What is
left is compared in thirds."""
MOST_GROWTH = 1.10
MOST_DATABASE_GROWTH = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Times are in seconds since the beginning; ``seconds`` is how long things happened, ``settled_seconds`` how much
    later nothing was left to do, None for never."""

    seconds: float
    samples: Sequence[Sample]
    sightings: Sequence[Sighting]
    verdict: Verdict
    windows: Sequence[tuple[float, float]]
    kills: Sequence[float]
    down_seconds: Sequence[float]
    settled_seconds: float | None
    repeated: int
    given_up: int

    def thirds(self, of: Callable[[Sample], float | None]) -> tuple[list[float], list[float]]:
        """The values in the first and in the last third of what comes after the warm-up."""
        begins = self.seconds * WARM_UP
        third = (self.seconds - begins) / 3
        first = [of(each) for each in self.samples if begins <= each.seconds < begins + third]
        last = [of(each) for each in self.samples if self.seconds - third <= each.seconds < self.seconds]
        return [each for each in first if each is not None], [each for each in last if each is not None]

    @property
    def warm(self) -> list[Sample]:
        return [each for each in self.samples if self.seconds * WARM_UP <= each.seconds < self.seconds]


def figures(outcome: Outcome) -> Iterator[Figure]:
    verdict, warm = outcome.verdict, outcome.warm
    last = warm[-1]
    span = last.seconds - warm[0].seconds
    running = mean(each.running for each in warm if each.running is not None)
    yield Figure(name="soak: calls that run, ended meanwhile", measured=f"{running:.0f}, {verdict.ended}")
    yield Figure(name="  webhooks a second", measured=f"{(last.told - warm[0].told) / span:.1f}")
    yield Figure(name="  … sent again, given up", measured=f"{outcome.repeated}, {outcome.given_up}")
    yield Figure(name="  requests to Slack a second", measured=f"{(last.requests - warm[0].requests) / span:.1f}")
    yield Figure(name="  kills, seconds until it answers", measured=_each(outcome.down_seconds))
    yield _nothing("  lost", verdict.lost)
    yield _nothing("  doubled", verdict.doubled)
    yield Figure(name="  starts that failed, and were told of", measured=str(verdict.told_failed))
    yield Figure(
        name="  in for 2 to 8 s, and not on the ended card", measured=f"{verdict.unseen} of {verdict.glimpsed}"
    )
    if all(memory := outcome.thirds(lambda each: each.own_mib)):  # only Linux tells
        yield _growth("  memory that nobody shares, MiB", memory, median, MOST_GROWTH)
        before, after = outcome.thirds(lambda each: each.pss_mib)
        yield Figure(
            name="  … with its share of what others use too",
            measured=f"{median(after):.0f}",
            floor=f"{median(before):.0f}",
        )
    yield _growth("  database, MiB", outcome.thirds(lambda each: each.database_mib), max, MOST_DATABASE_GROWTH)
    yield Figure(name="  … for each webhook that is kept", measured=f"{_bytes_each(warm):.0f} bytes")
    yield Figure(
        name="  lag: median, 95 %, most", measured=_spread([e.lag_seconds for e in warm if e.lag_seconds is not None])
    )
    yield Figure(
        name="  from an event to its card", measured=_spread([each.took_seconds for each in outcome.sightings])
    )
    settled = outcome.settled_seconds
    measured = "never" if settled is None else f"{settled:.0f} s"
    yield Figure(name="  until nothing is left to do", measured=measured, target="ever", ok=settled is not None)


def _nothing(name: str, wrong: Sequence[str]) -> Figure:
    return Figure(name=name, measured=str(len(wrong)), target="0", ok=not wrong)


def _growth(
    name: str,
    thirds: tuple[list[float], list[float]],
    of: Callable[[Sequence[float]], float],
    most: float,
) -> Figure:
    """The last third beside the first."""
    before, after = of(thirds[0]), of(thirds[1])
    ratio = after / before
    return Figure(
        name=name, measured=f"{after:.0f}", floor=f"{before:.0f}", ratio=ratio, target=f"≤ {most:g}", ok=ratio <= most
    )


def _bytes_each(samples: Sequence[Sample]) -> float:
    """Also of the calls and people that go with it."""
    fullest = max(samples, key=lambda each: each.deliveries)
    return fullest.database_mib * 2**20 / max(1, fullest.deliveries)


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.1f}, {quantiles(seconds, n=20)[-1]:.1f}, {max(seconds):.1f} s"


def _each(seconds: Sequence[float]) -> str:
    return ", ".join(f"{each:.1f}" for each in seconds)
