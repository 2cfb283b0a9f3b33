"""Files as a scanner would send them: a block of any size, in every format that is read."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from tests.scanned_template import BOX, FACES

ENDS = {"stl": "stl", "ascii": "stl", "ply": "ply", "binary-ply": "ply", "obj": "obj", "off": "off", "3mf": "3mf"}
"""How a block can be written -> the format's name."""


def block(x: float, y: float, z: float, kind: str = "stl") -> bytes:
    """A block with a corner at the origin, in the file's unit."""
    with np.errstate(invalid="ignore"):  # 0 times infinity
        points = BOX * (x, y, z)
    return {"stl": written, "ascii": _ascii, "ply": _ply, "binary-ply": _binary_ply, "obj": _obj, "off": _off, "3mf": _3mf}[
        kind
    ](points)


def written(points: np.ndarray, faces: np.ndarray = FACES, header: bytes = b"solid of a scanner") -> bytes:
    """A binary STL."""
    records = np.zeros(len(faces), np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]))
    records["v"] = points[faces]
    return header.ljust(80) + len(faces).to_bytes(4, "little") + records.tobytes()


def _ascii(points: np.ndarray) -> bytes:
    rows = ["solid block"]
    for face in FACES:
        corners = "".join(f"vertex {x} {y} {z}\n" for x, y, z in points[face])
        rows.append(f"facet normal 0 0 0\nouter loop\n{corners}endloop\nendfacet")
    return "\n".join([*rows, "endsolid block\n"]).encode()


def _table(points: np.ndarray, point: str = "", face: str = "", first: int = 0) -> str:
    rows = [f"{point}{x} {y} {z}" for x, y, z in points]
    return "\n".join([*rows, *(face + " ".join(str(k + first) for k in f) for f in FACES)]) + "\n"


def _head(points: np.ndarray, kind: str) -> str:
    xyz = "".join(f"property double {axis}\n" for axis in "xyz")
    faces = f"element face {len(FACES)}\nproperty list uchar int vertex_indices\n"
    return f"ply\nformat {kind} 1.0\nelement vertex {len(points)}\n{xyz}{faces}end_header\n"


def _ply(points: np.ndarray) -> bytes:
    return (_head(points, "ascii") + _table(points, face="3 ")).encode()


def _binary_ply(points: np.ndarray) -> bytes:
    rows = np.zeros(len(FACES), np.dtype([("n", "u1"), ("v", "<i4", 3)]))
    rows["n"], rows["v"] = 3, FACES
    return _head(points, "binary_little_endian").encode() + points.astype("<f8").tobytes() + rows.tobytes()


def _obj(points: np.ndarray) -> bytes:
    return ("# by a scanner\nmtllib none.mtl\no block\n" + _table(points, "v ", "f ", 1)).encode()


def _off(points: np.ndarray) -> bytes:
    return (f"OFF\n{len(points)} {len(FACES)} 0\n" + _table(points, face="3 ")).encode()


def _3mf(points: np.ndarray) -> bytes:
    vertices = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in points)
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in FACES)
    core = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
    model = (
        f'<model unit="millimeter" xmlns="{core}"><resources><object id="1" type="model"><mesh><vertices>{vertices}</vertices>'
        f'<triangles>{triangles}</triangles></mesh></object></resources><build><item objectid="1"/></build></model>'
    )
    packages = "http://schemas.openxmlformats.org/package/2006"
    start = f'Target="/3D/3dmodel.model" Id="r" Type="{core.replace("core/2015/02", "2013/01/3dmodel")}"'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as whole:
        types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        types += '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>'
        whole.writestr("[Content_Types].xml", f'<Types xmlns="{packages}/content-types">{types}</Types>')
        whole.writestr(
            "_rels/.rels", f'<Relationships xmlns="{packages}/relationships"><Relationship {start}/></Relationships>'
        )
        whole.writestr("3D/3dmodel.model", model)
    return made.getvalue()
