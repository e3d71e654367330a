"""Code for other machines compiles, and machines without an engine are named."""

import re

import llvmlite.binding as llvm
import pytest

from tests.compute.compiled.machines import MACHINES, assembly
from volconv.compute.compiled.fft import peaks, spectrum
from volconv.compute.compiled.fft.tilecode import TileCode
from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.jit import Machine, UnsupportedMachineError
from volconv.compute.compiled.loops import columns
from volconv.compute.compiled.loops.columns import Cover
from volconv.compute.compiled.loops.items import ColumnCode
from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.packing.pack import PackCode

CODES = {
    "columns": {"heights": (5, 3, 1), "step": 2, "gap": 3},
    "short columns, fetching": {"heights": (3, 1), "stretch": 2},
}

llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("scalar", ["float", "double"])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("rows", [1, 5, 8, 99])
@pytest.mark.parametrize("cells", [1, 99])
def test_inner_loops_compile_for(name, scalar, code, rows, cells):
    machine = MACHINES[name]
    code = ColumnCode(scalar, **CODES[code])
    cover = Cover.of(code, machine, rows, cells)
    text = assembly(columns.text(code, machine, cover), machine)
    arm = "fmla|fmadd"
    fused = {"neon": arm, "apple": arm, "sse2": "mul[ps]"}.get(name, "vfmadd")
    assert re.search(fused, text)
    # No library function: an unresolved symbol would end the process.
    assert not re.search(r"(call|bl)\s+\S*(fma|mem)", text)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (name, source)
        for name, machine in MACHINES.items()
        for source in ("b1", "u1", "i2", "u4", "i8", "u8", "f2", "f4", "f8")
        if source != "f2" or machine.half  # else float16 is converted before
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_packing_compiles_for(name, source, swapped):
    machine = MACHINES[name]
    for stride, phases in ((0, ()), (1, (0,)), (3, (0, 2))):
        code = PackCode(source, swapped and source[1] != "1", "float", stride, phases)
        text = assembly(pack.text(code, machine), machine)
        assert not re.search(r"(call|bl)\s+_*\w*(extendh|float|mem)", text)


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("scalar", ["float", "double"])
def test_transforms_compile_for(name, scalar):
    machine = MACHINES[name]
    for windows in ((True, True, True), (True, True, False), (False, False, True)):
        code = TileCode(scalar, (20, 24, 36), windows)
        text = assembly(spectrum.text(code, machine), machine)
        assert not re.search(r"(call|bl)\s+_*\w*(fma|mem|mul)", text)
    text = assembly(peaks.text(scalar, machine), machine)
    assert not re.search(r"\b(callq?|bl)\s", text)


def test_vectors_are_as_wide_as_the_machine_has():
    widths = {name: machine.vector_bytes for name, machine in MACHINES.items()}
    assert widths == {"sse2": 16, "avx2": 32, "avx512": 64, "neon": 16, "apple": 16}


def test_other_machines_are_told_of_the_reference_engine():
    with pytest.raises(UnsupportedMachineError, match=r'riscv64.*engine="reference"'):
        Machine.parse("riscv64-unknown-linux-gnu", "generic", "")


def test_code_is_compiled_once_for_each_key():
    code = ColumnCode("float", (2, 1))
    again = ColumnCode("float", (2, 1))
    assert columns.address(code, 9, 99) == columns.address(again, 10, 100)
    assert columns.address(code, 9, 99) != columns.address(again, 1, 100)
    assert jit.host() is jit.host()
