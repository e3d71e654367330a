"""From LLVM IR text to an address that can be called, once per process."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from volconv.compute.compiled.llvm import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np


@dataclass(frozen=True)
class Machine:
    """What code is emitted for.

    Attributes
    ----------
    triple, cpu, features : str
        As LLVM names them.
    vector_bytes : int
        Width of the vectors to use.
    registers : int
        Vector registers there are.
    fma : bool
        Whether a fused multiply-add is one instruction. Where it is not, the
        product is rounded before it is added.
    half : bool
        Whether float16 is converted by an instruction.
    """

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    registers: int
    fma: bool
    half: bool

    @classmethod
    def parse(cls, triple: str, cpu: str, features: str) -> Machine:
        """The machine that a triple, a CPU name and a feature list describe."""
        has = {word[1:] for word in features.split(",") if word.startswith("+")}
        if triple.startswith(("aarch64", "arm64")):
            return cls(triple, cpu, features, 16, 32, fma=True, half=True)
        if not triple.startswith(("x86_64", "amd64")):
            message = (
                f"compiled engines: got a machine of kind {triple!r}; expected "
                'x86-64 or arm64. Fix: engine="reference", which runs anywhere.'
            )
            raise UnsupportedMachineError(message)
        wide = {"avx512f", "avx512vl", "avx512dq", "avx512bw"} <= has
        vector_bytes = 64 if wide else 32 if "avx2" in has else 16
        return cls(
            triple,
            cpu,
            features,
            vector_bytes,
            32 if wide else 16,
            fma="fma" in has,
            half="f16c" in has,
        )


class UnsupportedMachineError(RuntimeError):
    """No code can be emitted for this kind of machine."""


@cache
def host() -> Machine:
    """The machine that runs the process."""
    with pages.on_loan():
        # here and not above: it takes 40 ms, and whoever only plans does without
        import llvmlite.binding as llvm

        features = llvm.get_host_cpu_features().flatten()
        triple = llvm.get_process_triple()
        return Machine.parse(triple, llvm.get_host_cpu_name(), features)


def is_readable(dtype: np.dtype[Any]) -> bool:
    """Whether compiled code reads cells of a dtype on this machine."""
    if dtype.kind == "f" and dtype.itemsize == 2:
        return host().half
    return dtype.kind in "biuf" and dtype.itemsize <= 8


_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # not on Windows
    # A process that is forked has no thread that would let go of it, or finish compiling.
    os.register_at_fork(
        before=_lock.acquire,
        after_in_parent=_lock.release,
        after_in_child=_lock.release,
    )
_addresses: dict[tuple[Machine, Hashable], int] = {}
# An engine owns its code: dropping it would unmap functions still in use.
_engines: list[Any] = []


def address(key: Hashable, name: str, write: Callable[[Machine], str]) -> int:
    """Address of a compiled function, compiled at the first call for its key.

    Parameters
    ----------
    key : hashable
        What the text of the function depends on, besides the machine.
    name : str
        The function in the module.
    write : callable
        Gives the IR of the module for a machine.

    Returns
    -------
    int
    """
    machine = host()
    found = _addresses.get((machine, key))
    if found is not None:
        return found
    with _lock:
        if (machine, key) not in _addresses:
            with pages.on_loan():
                _addresses[machine, key] = _compile(write(machine), name, machine)
        return _addresses[machine, key]


def _compile(text: str, name: str, machine: Machine) -> int:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(machine.triple).create_target_machine(
        cpu=machine.cpu,
        features=machine.features,
        opt=2,
        codemodel="jitdefault",
        jit=True,
    )
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(target.target_data)
    engine = llvm.create_mcjit_compiler(module, target)
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(name))
