"""How contestants are timed: in turn, so that what slows the machine slows all.

A race calls each contestant once to warm up, and compares what they return. Then it
goes round: ours, a peer, the next peer, ours again. What counts is the ratio of medians
in one race; no time decides whether a test passes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.limits import multiply_adds

Contestant = Callable[[], Any]

SECONDS = 1.5
"""What a race takes, if its rounds are neither fewer nor more than these."""

FEWEST, MOST = 3, 25

PEAK_SHARE = 0.02
"""Seconds, about, of the loop that finds the peak during a race."""


@dataclass
class Race:
    """A benchmark of ours, with the times of its peers beside it.

    Attributes
    ----------
    benchmark : pytest-benchmark's fixture
    is_timed : bool
        False where tests are only to pass: each contestant is then called once.
    lines : list of str
        What the run prints at its end.
    timer : callable
        Seconds: those of pytest-benchmark's option ``--benchmark-timer``. On a machine
        that others use, `time.process_time` tells more of one thread than the wall.
    """

    benchmark: Any
    is_timed: bool
    lines: list[str] = field(default_factory=list)
    timer: Callable[[], float] = time.perf_counter

    def __call__(
        self,
        title: str,
        ours: Contestant,
        peers: Mapping[str, Contestant],
        *,
        work: float = 0,
        scalar: str = "float",
        threads: int = 1,
        rtol: float = 1e-4,
        warm: bool = False,
    ) -> None:
        """Time ours and the peers in turn.

        Parameters
        ----------
        title : str
            What is computed.
        ours : callable
            Returns its result.
        peers : mapping of str to callable
            Return the same result, or None where there is none to compare.
        work : float
            Floating-point operations of the definition; 0 to leave the peak out.
        scalar : {"float", "double"}
            Of the peak.
        threads : int
            That the work is spread over: the peak is that of one thread times this.
        rtol : float
            Difference allowed, relative to the largest value.
        warm : bool
            Whether ours is called once more just before it is timed: after another
            contestant, cores wake up and change their clock for some milliseconds.
        """
        expected = np.array(ours())
        started = time.perf_counter()
        ours()
        turn = time.perf_counter() - started
        for name, peer in peers.items():
            started = time.perf_counter()
            compare(name, peer(), expected, rtol)
            turn += time.perf_counter() - started
        rounds = min(MOST, max(FEWEST, round(SECONDS / turn))) if self.is_timed else 1
        contestants = dict(peers)
        limit = peak(scalar)
        if work and self.is_timed:
            contestants["peak"] = limit.run
        times: dict[str, list[float]] = {name: [] for name in contestants}

        def others() -> None:
            for name, contestant in contestants.items():
                began = self.timer()
                contestant()
                times[name].append(self.timer() - began)
            if warm:
                ours()

        self.benchmark.pedantic(ours, setup=others, rounds=rounds, iterations=1)
        if not self.is_timed:
            return
        own = statistics.median(self.benchmark.stats.stats.data)
        medians = {name: statistics.median(values) for name, values in times.items()}
        info = self.benchmark.extra_info
        if "peak" in medians:
            seconds = medians.pop("peak") * work / limit.work / threads
            info["share of peak"] = seconds / own
        info["title"] = title
        info["threads"] = threads
        info["ratios"] = {name: seconds / own for name, seconds in medians.items()}
        self.lines.append(line(title, own, info))


def line(title: str, own: float, info: Mapping[str, Any]) -> str:
    """One race as text: ours in milliseconds, and how much longer the others took."""
    parts = [f"{title:<44} {1e3 * own:9.2f} ms"]
    if "share of peak" in info:
        parts.append(f"{info['share of peak']:.0%} of peak")
    parts += [f"{name} {ratio:.2f}x" for name, ratio in info["ratios"].items()]
    return "  ".join(parts)


def compare(name: str, found: Any, expected: NDArray[Any], rtol: float) -> None:
    """Refuse a peer that computes something else."""
    if found is None:
        return
    scale = float(np.abs(expected).max(initial=0.0)) or 1.0
    np.testing.assert_allclose(
        np.asarray(found), expected, rtol=0, atol=rtol * scale, err_msg=name
    )


@dataclass(frozen=True)
class Peak:
    """A loop of multiply-adds, and how many operations it makes."""

    run: Callable[[], None]
    work: float


def peak(scalar: str) -> Peak:
    """A loop that takes about `PEAK_SHARE` seconds."""
    work = PEAK_SHARE * (8e10 if scalar == "float" else 4e10)
    return Peak(multiply_adds("float" if scalar == "float" else "double", work), work)
