"""The inner loops of convolution layers: sums over all taps of some input channels.

A tile of M output channels by V vectors is summed in M*V registers. Each tap loads V
vectors of input once, for all M channels, and M weights, each for all V vectors. The
vectors of a tile lie anywhere in a region of packed input, so that a row is never
shorter than a tile.

Taps go channel by channel in the order of the kernel's cells, with fused multiply-add,
in every tile wherever its vectors lie. Where a region holds some of the input channels
only, sums are kept between two calls as they are in the registers. So the bits of an output
depend neither on tiles nor on regions, and tiles may overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import BITS, Function, Scalar, vector
from volconv.compute.compiled.loops.tiles import NOT_A_NUMBER, fma, multiply_add

if TYPE_CHECKING:
    from volconv.compute.compiled.llvm.jit import Machine

__all__ = ["ChannelCode", "Item", "Stage", "address", "most_channels", "vectors_for"]


class Item(IntEnum):
    """Arguments of a call; distances in bytes."""

    SOURCE = 0  # the region
    TARGET = 1
    WEIGHTS = 2
    WEIGHT_PITCH = 3  # from block to block of output channels
    OFFSETS = 4  # of each tap, in the region
    TAPS = 5
    BLOCKS = 6
    VECTORS = 7  # of each tile: V in the region, then V in the target
    TILES = 8
    CHANNEL_PITCH = 9  # of the target
    BIAS = 10
    SUMS = 11  # between calls, from the region on
    SUMS_PITCH = 12  # from tile to tile
    STAGE = 13
    FLOOR = 14  # where the least output is


class Stage(IntEnum):
    """Which of the input channels a call sums; to be added up."""

    MIDDLE = 0
    FIRST = 1
    LAST = 2


@dataclass(frozen=True)
class ChannelCode:
    """What the loops are compiled for.

    Attributes
    ----------
    scalar : Scalar
        Type of the arithmetic.
    lanes : int
        Cells of a vector.
    channels, vectors : int
        Output channels and vectors that a tile sums.
    spread : int
        1, or 2 where two channels that follow each other are the even and the odd cells
        of one: a call then sums all input channels.
    """

    scalar: Scalar
    lanes: int
    channels: int
    vectors: int
    spread: int = 1

    @property
    def size(self) -> int:
        """Bytes of a cell."""
        return BITS[self.scalar] // 8

    @property
    def kind(self) -> str:
        """Type of a vector."""
        return vector(self.scalar, self.lanes)

    @property
    def tile_bytes(self) -> int:
        """Bytes of a tile's sums."""
        return self.channels * self.vectors * self.lanes * self.size


def most_channels(machine: Machine) -> int:
    """Output channels of a tile, at most.

    4 by 3 vectors were the fastest shape on Zen 3 over long rows, 5 and 6 by 2 as fast
    or up to a tenth slower; shapes whose sums, cells and weight need more registers than
    there are took twice as long (2026-11).
    """
    return 8 if machine.registers >= 32 else 4


def vectors_for(machine: Machine, channels: int) -> int:
    """Vectors of a tile of so many channels: sums and cells beside a weight."""
    return min(8, (machine.registers - 1) // (channels + 1))


def address(code: ChannelCode) -> int:
    """Address of the compiled loops, ``channels(row of arguments)``."""
    return jit.address(code, "channels", lambda machine: text(code, machine))


def text(code: ChannelCode, machine: Machine) -> str:
    """IR of the loops for a machine."""
    kind = code.kind
    parts = [f"declare {kind} {fma(code.scalar, code.lanes)}({kind}, {kind}, {kind})"]
    return "\n".join([*parts, tile(code, machine), loops(code)])


def tile(code: ChannelCode, machine: Machine) -> str:
    """Function that sums one tile and writes it."""
    numbers = range(code.vectors)
    sources = ", ".join(f"ptr noalias %src{v}" for v in numbers)
    targets = ", ".join(f"ptr noalias %dst{v}" for v in numbers)
    f = Function(
        f"internal void @tile(ptr %row, ptr noalias %weights, {sources}, {targets}, "
        "i64 %pitch, ptr %start, i64 %across, i64 %along)"
    )
    offsets = f.argument("%row", Item.OFFSETS, "ptr")
    sums: list[str] = []
    for channel in range(code.channels):
        first = f.at("%start", f.mul("%across", channel))
        starts = [f.at(first, f.mul("%along", v)) for v in numbers]
        sums += [f.load(code.kind, start) for start in starts]
    carried = [
        ("ptr", offsets),
        ("ptr", "%weights"),
        *((code.kind, one) for one in sums),
    ]
    with f.loop(f.argument("%row", Item.TAPS), carried=carried) as turn:
        offset, weight, *sums = turn.carried
        shift = f.load("i64", offset)
        cells = [f.load(code.kind, f.at(f"%src{v}", shift)) for v in numbers]
        for channel in range(code.channels):
            value = f.load(code.scalar, f.at(weight, channel * code.size))
            value = f.spread(code.scalar, code.lanes, value)
            for v in numbers:
                i = channel * code.vectors + v
                terms = value, cells[v], sums[i]
                sums[i] = multiply_add(f, machine, (code.scalar, code.lanes), terms)
        weight = f.at(weight, code.channels * code.size)
        turn.carried = [f.at(offset, 8), weight, *sums]
    write(f, code, turn.carried[2:])
    return f.text()


def write(f: Function, code: ChannelCode, sums: list[str]) -> None:
    """Write the sums, no less than the floor, each NaN the same NaN."""
    kind, flags = code.kind, vector("i1", code.lanes)
    floor = f.load(code.scalar, f.argument("%row", Item.FLOOR, "ptr"))
    floor = f.spread(code.scalar, code.lanes, floor)
    same = f.spread(code.scalar, code.lanes, NOT_A_NUMBER)
    clean = []
    for total in sums:
        low = f.op(f"fcmp ole {kind} {total}, {floor}")
        high = f.op(f"select {flags} {low}, {kind} {floor}, {kind} {total}")
        odd = f.op(f"fcmp uno {kind} {high}, {high}")
        clean.append(f.op(f"select {flags} {odd}, {kind} {same}, {kind} {high}"))
    for channel in range(code.channels // code.spread):
        shift = f.mul("%pitch", channel)
        for v in range(code.vectors):
            first = code.spread * channel * code.vectors + v
            cells = clean[first :: code.vectors][: code.spread]
            for part, one in enumerate(merged(f, code, cells)):
                start = f.at(f"%dst{v}", shift)
                f.store(kind, one, f.at(start, part * code.lanes * code.size))


def merged(f: Function, code: ChannelCode, cells: list[str]) -> list[str]:
    """Vectors of the cells of one or two others in turn."""
    if len(cells) == 1 or code.lanes == 1:
        return cells
    order = [n // 2 + n % 2 * code.lanes for n in range(2 * code.lanes)]
    halves = order[: code.lanes], order[code.lanes :]
    return [f.shuffle(code.kind, cells[0], cells[1], half) for half in halves]


def loops(code: ChannelCode) -> str:
    """Function that sums the tiles of a region, each for all blocks of channels.

    The input of a tile stays in the first cache while blocks go by, whose weights are
    read one after the other.
    """
    f = Function("void @channels(ptr %row)")
    source = f.argument("%row", Item.SOURCE, "ptr")
    target = f.argument("%row", Item.TARGET, "ptr")
    weights = f.argument("%row", Item.WEIGHTS, "ptr")
    weight_pitch = f.argument("%row", Item.WEIGHT_PITCH)
    pitch = f.argument("%row", Item.CHANNEL_PITCH)
    bias = f.argument("%row", Item.BIAS, "ptr")
    sums_pitch = f.argument("%row", Item.SUMS_PITCH)
    stage = f.argument("%row", Item.STAGE)
    first, last = (
        f.op(f"icmp ne i64 {f.op(f'and i64 {stage}, {flag}')}, 0")
        for flag in (Stage.FIRST, Stage.LAST)
    )
    width = code.lanes * code.size
    numbers = range(code.vectors)
    across = f.op(f"select i1 {first}, i64 {width}, i64 {width * code.vectors}")
    along = f.op(f"select i1 {first}, i64 0, i64 {width}")
    to_channel = f.op(f"select i1 {last}, i64 {pitch}, i64 {width * code.vectors}")
    to_block = f.mul(to_channel, code.channels // code.spread)
    start_block = f.op(
        f"select i1 {first}, i64 {width * code.channels}, i64 {code.tile_bytes}"
    )
    tiles = [
        ("ptr", f.argument("%row", Item.VECTORS, "ptr")),
        ("ptr", f.at(source, f.argument("%row", Item.SUMS))),
    ]
    with f.loop(f.argument("%row", Item.TILES), carried=tiles) as turn:
        vectors, sums = turn.carried
        sources, targets = [], []
        for v in numbers:
            sources.append(f.at(source, f.load("i64", f.at(vectors, 8 * v))))
            there = f.load("i64", f.at(vectors, 8 * (code.vectors + v)))
            out, kept = f.at(target, there), f.at(sums, width * v)
            targets.append(f.op(f"select i1 {last}, ptr {out}, ptr {kept}"))
        start = f.op(f"select i1 {first}, ptr {bias}, ptr {sums}")
        blocks = [("ptr", weights), ("ptr", start), *(("ptr", one) for one in targets)]
        with f.loop(f.argument("%row", Item.BLOCKS), carried=blocks) as block:
            weight, begin, *ends = block.carried
            pointers = ", ".join(f"ptr {one}" for one in (weight, *sources, *ends))
            f.do(
                f"call void @tile(ptr %row, {pointers}, i64 {to_channel}, "
                f"ptr {begin}, i64 {across}, i64 {along})"
            )
            block.carried = [
                f.at(weight, weight_pitch),
                f.at(begin, start_block),
                *(f.at(one, to_block) for one in ends),
            ]
        turn.carried = [f.at(vectors, 16 * code.vectors), f.at(sums, sums_pitch)]
    return f.text()
