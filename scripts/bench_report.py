"""Benchmark results as a Markdown page, with the machine and the date.

usage: python scripts/bench_report.py [--note TEXT] RESULT.json … > docs/benchmarks.md

The results are what `pytest benchmarks --benchmark-only --benchmark-json=…` wrote.
"""

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

Row = dict[str, Any]

HEAD = """# Benchmarks

    pip install -e '.[bench]'
    pytest benchmarks --benchmark-only --benchmark-json=RESULT.json
    python scripts/bench_report.py RESULT.json > docs/benchmarks.md

`.[bench-torch]` adds torch, which is large. A peer that is not installed is left out, and
so is one that would take minutes.

A number under a peer is how many times longer it took than volconv: the ratio of medians
over several rounds in which all take turns. No absolute time is comparable between two
runs. *The same job* pads, and returns a fresh array; *the engine alone* goes from a padded
block to an array that is there already; without peers it is called once more before each
timing, and on two threads each has a core of its own. *Of peak* counts the multiply-adds
of the definition against a loop of multiply-adds in registers, timed in the same rounds.
Peers run on one thread. Volumes are 64x256x256; for the engine alone at 3^3, and where it
is said, 256x256x256.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--note", default="", help="what to know of the run")
    given = parser.parse_args()
    results = [json.loads(path.read_text()) for path in given.results]
    print("\n".join([HEAD, machine(results[-1]) + given.note, *tables(results)]))


def machine(result: Row) -> str:
    """One line on where and when."""
    info = result["machine_info"]
    cpu = info["cpu"]
    parts = [
        cpu.get("brand_raw", info["processor"]),
        f"{cpu.get('count', '?')} cores, {cpu.get('arch', info['machine'])}",
        f"Python {info['python_version']}",
        result["datetime"][:10],
    ]
    return f"Last run: {'; '.join(parts)}. "


def tables(results: list[Row]) -> list[str]:
    """A table for each group of benchmarks, in the order in which they ran."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for result in results:
        for row in result["benchmarks"]:
            groups[row["group"] or "others"].append(row)
    return [line for name, rows in groups.items() for line in table(name, rows)]


def table(name: str, rows: list[Row]) -> list[str]:
    """One group: a column for each peer."""
    infos = [row["extra_info"] for row in rows]
    peers = list(
        dict.fromkeys(peer for info in infos for peer in info.get("ratios", {}))
    )
    with_peak = any("share of peak" in info for info in infos)
    heads = ["", "ms", *(["of peak"] if with_peak else []), *peers]
    lines = [
        f"\n## {name[0].upper()}{name[1:]}\n",
        line(heads),
        line(["---"] * len(heads)),
    ]
    for row, info in zip(rows, infos, strict=True):
        median = statistics.median(row["stats"].get("data") or [row["stats"]["median"]])
        cells = [
            info.get("title", info.get("work", row["name"])),
            f"{1e3 * median:.3g}",
        ]
        if with_peak:
            share = info.get("share of peak")
            cells.append("" if share is None else f"{share:.0%}")
        ratios = info.get("ratios", {})
        cells += [f"{ratios[peer]:.2f}" if peer in ratios else "" for peer in peers]
        lines.append(line(cells))
    return lines


def line(cells: list[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
