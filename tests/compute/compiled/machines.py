"""Machines to emit code for."""

import llvmlite.binding as llvm

from volconv.compute.compiled.llvm.jit import Machine

X86 = "x86_64-unknown-linux-gnu"


MACHINES = {
    "sse2": Machine.parse(X86, "x86-64", ""),
    "avx2": Machine.parse(X86, "haswell", "+avx2,+fma,+f16c"),
    "avx512": Machine.parse(
        X86, "skylake-avx512", "+avx512f,+avx512vl,+avx512dq,+avx512bw,+fma,+f16c"
    ),
    "neon": Machine.parse("aarch64-unknown-linux-gnu", "generic", "+neon"),
    "apple": Machine.parse("arm64-apple-darwin", "apple-m1", ""),
}


def assembly(text, machine):
    target = llvm.Target.from_triple(machine.triple).create_target_machine(
        cpu=machine.cpu, features=machine.features, opt=2
    )
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.verify()
    return target.emit_assembly(module)
