"""A designer's file that takes a scan: a block as large as what was scanned. What the tests of inputs serve."""

import numpy as np

from engine.authoring import Measurement, Solid, Template, at_least, fit, length, measure, outline, pressure, rule, scan, stage
from engine.model.mesh import Mesh

BOX = np.array([[x, y, z] for z in (0.0, 1.0) for y in (0.0, 1.0) for x in (0.0, 1.0)])
FACES = np.array(
    [[0, 2, 3], [0, 3, 1], [4, 5, 7], [4, 7, 6], [0, 1, 5], [0, 5, 4],
     [2, 6, 7], [2, 7, 3], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]], dtype=np.int32,
)  # fmt: skip


class Block(Template):
    """A block as long as the scan."""

    key, version = "scanned-block", 1
    left_scan = scan(side="left", label=("Left scan", "Scan gauche"))
    any_scan = scan(label=("Scan", "Scan"))
    map = pressure(label=("Pressure", "Pression"))
    trace = outline(label=("Trace", "Contour"))
    long = measure(low=5, high=400, path="left.long", label=("Length", "Longueur"))
    width = length(10.0, low=5.0, high=50.0, step=0.5, label=("Width", "Largeur"))
    height = length(10.0, low=5.0, high=50.0, step=0.5, label=("Height", "Hauteur"))

    @fit
    def from_scan(self):
        if not self.left_scan:
            return {"long": Measurement(20.0, "mm", source="inferred", uncertainty=9.0)}
        size = np.ptp(self.left_scan.mesh().points, axis=0)
        return {
            "long": Measurement(float(size[0]), "mm", source="scan", uncertainty=0.5),
            "width": round(2 * float(size[1])) / 2,
        }

    @rule
    def low(self, process):
        if self.left_scan:
            top = float(self.left_scan.mesh().points[:, 2].max())
            yield at_least(self.height, top / 2, change="height", why=("it is too low", "il est trop bas"))

    @stage
    def block(self):
        if self.left_scan:
            assert len(self.left_scan.mesh().faces)
        return Solid(Mesh(BOX * (self.long.value, self.width, self.height), FACES), {})
