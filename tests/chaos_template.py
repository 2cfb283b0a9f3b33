"""A designer's file in which much goes wrong, by the name that is ordered: what tests/chaos.py serves."""

import os
import signal

import numpy as np

from engine.authoring import Solid, Template, length, stage, text
from engine.model.mesh import Mesh

HOARD: list[np.ndarray] = []
FOUL: list[bool] = []
"""Once it is so, whoever comes next dies."""


class Block(Template):
    """A block; some names bring its lane down."""

    key, version = "block", 1
    side = length(10.0, low=5.0, high=20.0, step=0.5, label=("Side", "Côté"))
    name = text("", max_graphemes=40, label=("Name", "Prénom"))

    @stage
    def block(self):
        if FOUL:
            os._exit(3)
        if str(self.name).startswith("foul"):
            FOUL.append(True)
        if str(self.name).startswith("crash"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if str(self.name).startswith("exit"):
            os._exit(3)
        if str(self.name).startswith("memory"):
            return bytearray(1 << 40)
        while str(self.name).startswith("hoard"):
            HOARD.append(np.empty(1 << 24))
        while str(self.name).startswith("hang"):
            pass
        if str(self.name).startswith("raise"):
            raise ValueError(str(self.name))
        s = self.side
        points = np.array([[x, y, z] for z in (0.0, s) for y in (0.0, s) for x in (0.0, s)])
        faces = np.array(
            [[0, 2, 3], [0, 3, 1], [4, 5, 7], [4, 7, 6], [0, 1, 5], [0, 5, 4],
             [2, 6, 7], [2, 7, 3], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]], dtype=np.int32,
        )  # fmt: skip
        return Solid(Mesh(points, faces), {})
