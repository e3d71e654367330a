"""The inner loops of convolution layers: sums over all taps of all input channels.

A tile of M output channels by V vectors is summed in M*V registers. Each tap loads V
vectors of input once, for all M channels, and M weights, each for all V vectors. Taps
go channel by channel in the order of the kernel's cells, with fused multiply-add, in
every tile whatever its shape: the bits of an output do not depend on where tiles begin,
so that the last tile of a row may overlap the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from volconv.compute.compiled import jit
from volconv.compute.compiled.emit import BITS, Function, Scalar, vector
from volconv.compute.compiled.tiles import NOT_A_NUMBER, fma

if TYPE_CHECKING:
    from volconv.compute.compiled.jit import Machine

__all__ = ["ChannelCode", "Item", "address", "most_channels", "vectors_for"]


class Item(IntEnum):
    """Arguments of a call."""

    SOURCE = 0
    TARGET = 1
    WEIGHTS = 2
    OFFSETS = 3
    TAPS = 4
    BLOCKS = 5
    ROWS = 6
    CELLS = 7
    STEP = 8
    TARGET_PITCH = 9
    CHANNEL_PITCH = 10
    BIAS = 11


@dataclass(frozen=True)
class ChannelCode:
    """What the loops are compiled for.

    Attributes
    ----------
    scalar : Scalar
        Type of the arithmetic.
    channels, vectors : int
        Output channels and vectors of a row that a tile sums.
    """

    scalar: Scalar
    channels: int
    vectors: int


def most_channels(machine: Machine) -> int:
    """Output channels of a tile, at most.

    4 by 3 vectors were the fastest shape on Zen 3 over long rows, 5 and 6 by 2 as fast
    or up to a tenth slower; shapes whose sums, cells and weight need more registers than
    there are took twice as long (2026-11).
    """
    return 8 if machine.registers >= 32 else 4


def vectors_for(machine: Machine, channels: int, scalar: Scalar, cells: int) -> int:
    """Vectors of a tile over rows of so many cells."""
    most = (machine.registers - 1) // (channels + 1)  # sums and cells beside a weight
    fewest = 10  # sums that hide the latency of a multiplication
    lanes = machine.vector_bytes * 8 // BITS[scalar]

    def cost(vectors: int) -> tuple[float, int]:
        """Vectors that tiles over a row sum, those of few sums for more; then tiles."""
        tiles = -(-cells // (lanes * vectors))
        slow = 1.15 if channels * vectors < fewest else 1.0
        return slow * tiles * vectors, tiles

    return min(range(1, max(1, min(most, 8, cells // lanes)) + 1), key=cost)


def address(code: ChannelCode) -> int:
    """Address of the compiled loops, ``channels(row of arguments)``."""
    return jit.address(code, "channels", lambda machine: text(code, machine))


def text(code: ChannelCode, machine: Machine) -> str:
    """IR of the loops for a machine."""
    lanes = machine.vector_bytes * 8 // BITS[code.scalar]
    shapes = dict.fromkeys([(lanes, code.vectors), (lanes, 1), (1, 1)])
    parts = ["declare i64 @llvm.smin.i64(i64, i64)"]
    for width in dict.fromkeys([lanes, 1]):
        kind = vector(code.scalar, width)
        parts.append(
            f"declare {kind} {fma(code.scalar, width)}({kind}, {kind}, {kind})"
        )
    parts += [tile(code, machine, *shape) for shape in shapes]
    return "\n".join([*parts, rows(code, lanes)])


def tile(code: ChannelCode, machine: Machine, lanes: int, vectors: int) -> str:
    """Function that sums and writes one tile."""
    scalar, size = code.scalar, BITS[code.scalar] // 8
    kind, flags = vector(scalar, lanes), vector("i1", lanes)
    f = Function(
        f"internal void @tile_{lanes}_{vectors}(ptr %row, ptr noalias %src, "
        "ptr noalias %dst, ptr noalias %weights, ptr noalias %bias)"
    )
    offsets = f.argument("%row", Item.OFFSETS, "ptr")
    taps = f.argument("%row", Item.TAPS)
    sums = []
    for channel in range(code.channels):
        first = f.load(scalar, f.at("%bias", channel * size))
        sums += [f.spread(scalar, lanes, first)] * vectors
    carried = [("ptr", offsets), ("ptr", "%weights"), *((kind, one) for one in sums)]
    with f.loop(taps, carried=carried) as turn:
        offset, weight, *sums = turn.carried
        start = f.at("%src", f.load("i64", offset))
        cells = [f.load(kind, f.at(start, v * lanes * size)) for v in range(vectors)]
        for channel in range(code.channels):
            value = f.load(scalar, f.at(weight, channel * size))
            value = f.spread(scalar, lanes, value)
            for v in range(vectors):
                i = channel * vectors + v
                sums[i] = multiply_add(
                    f, code, machine, lanes, value, cells[v], sums[i]
                )
        weight = f.at(weight, code.channels * size)
        turn.carried = [f.at(offset, 8), weight, *sums]
    _, _, *sums = turn.carried
    pitch = f.argument("%row", Item.CHANNEL_PITCH)
    same = f.spread(scalar, lanes, NOT_A_NUMBER)
    target = "%dst"
    for channel in range(code.channels):
        if channel:
            target = f.at(target, pitch)
        for v in range(vectors):
            total = sums[channel * vectors + v]
            odd = f.op(f"fcmp uno {kind} {total}, {total}")
            clean = f.op(f"select {flags} {odd}, {kind} {same}, {kind} {total}")
            f.store(kind, clean, f.at(target, v * lanes * size))
    return f.text()


def multiply_add(
    f: Function, code: ChannelCode, machine: Machine, lanes: int, a: str, b: str, c: str
) -> str:
    """``a b + c``."""
    kind = vector(code.scalar, lanes)
    if machine.fma:
        name = fma(code.scalar, lanes)
        return f.op(f"call {kind} {name}({kind} {a}, {kind} {b}, {kind} {c})")
    return f.op(f"fadd {kind} {c}, {f.op(f'fmul {kind} {a}, {b}')}")


def rows(code: ChannelCode, lanes: int) -> str:
    """Function that covers rows with tiles, for each block of output channels."""
    size = BITS[code.scalar] // 8
    f = Function("void @channels(ptr %row)")
    source = f.argument("%row", Item.SOURCE, "ptr")
    target = f.argument("%row", Item.TARGET, "ptr")
    weights = f.argument("%row", Item.WEIGHTS, "ptr")
    bias = f.argument("%row", Item.BIAS, "ptr")
    cells = f.argument("%row", Item.CELLS)
    step = f.argument("%row", Item.STEP)
    pitch = f.argument("%row", Item.TARGET_PITCH)
    blocks = f.argument("%row", Item.BLOCKS)
    across = code.channels * size
    weight_bytes = f.mul(f.argument("%row", Item.TAPS), across)
    block_bytes = f.mul(f.argument("%row", Item.CHANNEL_PITCH), code.channels)
    wide = lanes * code.vectors
    with f.loop(f.argument("%row", Item.ROWS)) as line:
        src = f.at(source, f.mul(line.index, step))
        dst = f.at(target, f.mul(line.index, pitch))
        carried = [("ptr", weights), ("ptr", dst), ("ptr", bias)]
        with f.loop(blocks, carried=carried) as block:
            weight, out, first = block.carried

            def cover(
                width: int,
                vectors: int,
                least: int,
                most: int | None,
                src: str = src,
                out: str = out,
                weight: str = weight,
                first: str = first,
            ) -> None:
                """Tiles over rows of at least `least` cells, and fewer than `most`."""
                fits = f.op(f"icmp sge i64 {cells}, {least}")
                if most is not None:
                    short = f.op(f"icmp slt i64 {cells}, {most}")
                    fits = f.op(f"and i1 {fits}, {short}")
                with f.when(fits):
                    last = f.sub(cells, width * vectors)
                    with f.loop(cells, step=width * vectors) as turn:
                        shift = f.mul(f.smaller(turn.index, last), size)
                        f.do(
                            f"call void @tile_{width}_{vectors}(ptr %row, "
                            f"ptr {f.at(src, shift)}, ptr {f.at(out, shift)}, "
                            f"ptr {weight}, ptr {first})"
                        )

            cover(lanes, code.vectors, wide, None)
            if code.vectors > 1:
                cover(lanes, 1, lanes, wide)
            if lanes > 1:
                cover(1, 1, 1, lanes)
            block.carried = [
                f.at(weight, weight_bytes),
                f.at(out, block_bytes),
                f.at(first, across),
            ]
    return f.text()
