"""The same script on several machines, as far as one machine can pretend to be another."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
MACHINES: tuple[dict[str, str], ...] = (
    {},
    {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NPY_DISABLE_CPU_FEATURES": "AVX2"},
    {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2", "OPENBLAS_CORETYPE": "Nehalem"},
)
"""This one; a processor without vectors of four; another libm and BLAS."""


def printed_on_each(script: str) -> list[str]:
    """What the script prints on each of MACHINES."""
    command = [sys.executable, "-c", script]
    return [
        subprocess.run(command, cwd=ROOT, env={**os.environ, **machine}, capture_output=True, text=True, check=True).stdout
        for machine in MACHINES
    ]
