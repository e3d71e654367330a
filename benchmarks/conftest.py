"""Options and fixtures of the benchmarks."""

from __future__ import annotations

import pkgutil

import pytest

from benchmarks.cases import Cases
from benchmarks.harness import Race

LINES = pytest.StashKey[list[str]]()


def pytest_addoption(parser):
    parser.addoption(
        "--tiny", action="store_true", help="small volumes: do the benchmarks work?"
    )


def pytest_configure(config):
    config.stash[LINES] = []


@pytest.fixture(scope="session")
def cases(request):
    return Cases(request.config.getoption("--tiny"))


@pytest.fixture
def race(request, benchmark):
    config = request.config
    timer = pkgutil.resolve_name(config.getoption("benchmark_timer"))
    return Race(benchmark, not benchmark.disabled, config.stash[LINES], timer)


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash[LINES]
    if lines:
        terminalreporter.section("how much longer the others took")
        for line in lines:
            terminalreporter.write_line(line)
