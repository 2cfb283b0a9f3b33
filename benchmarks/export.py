"""Writing 3MF, STL, GLB: ours against lib3mf and trimesh, all from the same bare arrays, answers read back and compared.

`cases()` lists what is timed; nothing is imported or built before it is called. lib3mf gets its data through ctypes buffers,
its fastest way (Python lists cost ten times more); trimesh a `Trimesh` made without processing. `splice`: a new name on a known
body, cold against warm; its goal is in milliseconds, since the peer is ourselves.
"""

from __future__ import annotations

import ctypes
import functools
import io

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Case
from engine.export import glb, stl, threemf
from engine.export.identity import Identity, order_uuid
from engine.export.kept import KeptSegments
from engine.model.mesh import Kept, Mesh, Part, Pose, Settled

Rows = npt.NDArray[np.int32]
ROUND = 224  # a sphere of so many meridians and parallels: 2 * 224 * 223 = 99,904 triangles


@functools.cache
def sphere(parts: int = ROUND) -> tuple[Rows, Rows]:
    """A ball of 80 mm on the lattice, `parts` meridians and parallels, welded: 2 * parts * (parts - 1) triangles."""
    around = 2.0 * np.pi * np.arange(parts) / parts
    down = np.pi * np.arange(1, parts) / parts
    ring = np.stack([np.cos(around), np.sin(around)], axis=1)
    body = [np.column_stack([ring * np.sin(d), np.full(parts, np.cos(d))]) for d in down]
    points = np.round(np.vstack([[[0.0, 0.0, 1.0]], *body, [[0.0, 0.0, -1.0]]]) * 400_000 + [0, 0, 400_000])
    a, last = np.arange(parts), 1 + parts * (parts - 1)
    b = (a + 1) % parts
    bands = []
    for row in range(parts - 2):
        upper, lower = 1 + parts * row, 1 + parts * (row + 1)
        bands += [np.stack([upper + a, lower + a, lower + b], 1), np.stack([upper + a, lower + b, upper + b], 1)]
    low = 1 + parts * (parts - 2)
    caps = [np.stack([np.zeros_like(a), 1 + a, 1 + b], 1), np.stack([np.full_like(a, last), low + b, low + a], 1)]
    return points.astype(np.int32), np.vstack([caps[0], *bands, caps[1]]).astype(np.int32)


def settled(lattice: Rows, faces: Rows, kept: Kept | None = None) -> Settled:
    """The arrays as the writers take them; making it is part of what is timed."""
    return Settled(_PART, Pose(), lattice, faces, kept)


_PART = Part("body", Mesh(np.zeros((3, 3)), np.zeros((0, 3), np.int32)))
_IDENTITY = Identity("Benchmark", order_uuid(b"{}"), "unikat", part_number="1")


def lib3mf_write(points: npt.NDArray[np.float64], faces: Rows) -> bytes:
    """A 3MF by lib3mf, geometry in and file out through ctypes buffers."""
    import lib3mf.Lib3MF as library
    from lib3mf import get_wrapper

    wrapper = get_wrapper()
    model = wrapper.CreateModel()
    mesh = model.AddMeshObject()
    where, which = np.ascontiguousarray(points, np.float32), np.ascontiguousarray(faces, np.uint32)
    wrapper.checkError(
        mesh,
        wrapper.lib.lib3mf_meshobject_setgeometry(
            mesh._handle,
            ctypes.c_uint64(len(where)),
            ctypes.cast((library.Position * len(where)).from_buffer(where), ctypes.POINTER(library.Position)),
            ctypes.c_uint64(len(which)),
            ctypes.cast((library.Triangle * len(which)).from_buffer(which), ctypes.POINTER(library.Triangle)),
        ),
    )
    model.AddBuildItem(mesh, wrapper.GetIdentityTransform())
    writer = model.QueryWriter("3mf")
    size, room = ctypes.c_uint64(0), (1 << 16) + 40 * len(faces)
    held = (ctypes.c_uint8 * room)()
    wrapper.checkError(
        writer, wrapper.lib.lib3mf_writer_writetobuffer(writer._handle, ctypes.c_uint64(room), ctypes.byref(size), held)
    )
    return bytes(memoryview(held)[: size.value])


def trimesh_write(points: npt.NDArray[np.float64], faces: Rows, kind: str) -> bytes:
    """The file by trimesh."""
    import trimesh

    made = trimesh.Trimesh(points, faces, process=False).export(file_type=kind)
    assert isinstance(made, bytes)
    return made


def cases() -> list[Case]:
    """The 3MF, the STL, the GLB at 100k triangles, and a new name on a body of 16k."""
    lattice, faces = sphere()
    points = lattice / 1e4
    ball = [(lattice, points, faces)]
    return [
        Case(
            f"3MF of {len(faces):,} triangles",
            lambda at: threemf.write([settled(at[0], at[2])], _IDENTITY),
            lambda: _agree_3mf(points, faces),
            {"lib3mf": lambda at: lib3mf_write(at[1], at[2]), "trimesh": lambda at: trimesh_write(at[1], at[2], "3mf")},
            ball,
            {"lib3mf": 5.0, "trimesh": 15.0},
            note=lambda: _sizes(points, faces),
        ),
        Case(
            f"STL of {len(faces):,} triangles",
            lambda at: stl.write(settled(at[0], at[2])),
            lambda: _agree_stl(lattice, faces),
            {"trimesh": lambda at: trimesh_write(at[1], at[2], "stl")},
            ball,
            {"trimesh": 10.0},
        ),
        Case(
            f"GLB of {len(faces):,} triangles, with normals at creases",
            lambda at: glb.write([settled(at[0], at[2])], _IDENTITY),
            lambda: _agree_glb(lattice, faces),
            {"trimesh": lambda at: trimesh_write(at[1], at[2], "glb")},
            ball,
            note=lambda: "trimesh writes no normals",
        ),
        _splice(),
    ]


def _sizes(points: npt.NDArray[np.float64], faces: Rows) -> str:
    lattice = np.round(points * 1e4).astype(np.int32)
    ours, theirs = threemf.write([settled(lattice, faces)], _IDENTITY), lib3mf_write(points, faces)
    return f"{len(ours):,} bytes, lib3mf {len(theirs):,}"


def named(changed: int = 2_000) -> Settled:
    """A ball of 16k triangles whose last 700 are replaced by `changed` others over new points, its body kept."""
    lattice, faces = sphere(90)
    keep = len(faces) - changed // 3
    middles = [np.round(lattice[row].mean(axis=0)) for row in faces[keep:]]
    at = len(lattice) + np.arange(len(middles))
    a, b, c = faces[keep:].T
    fans = [np.stack(fan, axis=1) for fan in ((a, b, at), (b, c, at), (c, a, at))]
    rows = np.vstack([lattice, middles]).astype(np.int32), np.vstack([faces[:keep], *fans]).astype(np.int32)
    return settled(*rows, kept=Kept("ball", len(lattice), keep))


def _splice() -> Case:
    part, cache = named(), KeptSegments()

    def warm(given: Settled) -> bytes:
        return threemf.write([given], _IDENTITY, cache=cache)

    def cold(given: Settled) -> bytes:
        return threemf.write([given], _IDENTITY)

    return Case(
        f"3MF of {len(part.faces):,} triangles, a known body with new ones",
        warm,
        lambda: [] if warm(part) == cold(part) == warm(part) else ["warm and cold bytes differ"],
        {"ourselves, cold": cold},
        [part],
        most_ms=0.6,
    )


def _read_3mf(data: bytes) -> tuple[npt.NDArray[np.float64], Rows]:
    """Points and faces of the only mesh, by lib3mf."""
    from lib3mf import get_wrapper

    model = get_wrapper().CreateModel()
    model.QueryReader("3mf").ReadFromBuffer(data)
    found = model.GetMeshObjects()
    found.MoveNext()
    mesh = found.GetCurrentMeshObject()
    points = np.array([tuple(p.Coordinates) for p in mesh.GetVertices()])
    return points, np.array([tuple(t.Indices) for t in mesh.GetTriangleIndices()], dtype=np.int32)


def _agree_3mf(points: npt.NDArray[np.float64], faces: Rows) -> list[str]:
    lattice = np.round(points * 1e4).astype(np.int32)
    ours, theirs = threemf.write([settled(lattice, faces)], _IDENTITY), lib3mf_write(points, faces)
    wrong = [] if len(ours) <= len(theirs) else [f"ours has {len(ours)} bytes, lib3mf's {len(theirs)}"]
    for name, data in (("ours", ours), ("lib3mf", theirs)):
        read_points, read_faces = _read_3mf(data)
        if not np.array_equal(read_faces, faces) or np.abs(read_points - points).max() > 0.5e-4:
            wrong.append(f"{name}: read back, it is another mesh")
    import trimesh

    loaded = trimesh.load(io.BytesIO(trimesh_write(points, faces, "3mf")), file_type="3mf", process=False).to_mesh()
    if len(loaded.faces) != len(faces) or abs(loaded.volume / _volume(points, faces) - 1.0) > 1e-6:
        wrong.append("trimesh: read back, it is another mesh")
    return wrong


def _agree_stl(lattice: Rows, faces: Rows) -> list[str]:
    record = np.dtype([("normal", "<f4", 3), ("points", "<f4", (3, 3)), ("attribute", "<u2")])
    ours = np.frombuffer(stl.write(settled(lattice, faces)), record, offset=84)
    theirs = np.frombuffer(trimesh_write(lattice / 1e4, faces, "stl"), record, offset=84)
    wrong = [] if np.array_equal(ours["points"], theirs["points"]) else ["points differ"]
    return wrong if np.abs(ours["normal"] - theirs["normal"]).max() < 1e-5 else [*wrong, "normals differ"]


def _agree_glb(lattice: Rows, faces: Rows) -> list[str]:
    import trimesh

    part = settled(lattice, faces)
    loaded = trimesh.load(io.BytesIO(glb.write([part], _IDENTITY)), file_type="glb").to_mesh()
    expected = _volume(lattice / 1e4, faces)
    return [] if abs(loaded.volume * 1e9 / expected - 1.0) < 1e-4 else [f"volume {loaded.volume * 1e9}, not {expected}"]


def _volume(points: npt.NDArray[np.float64], faces: Rows) -> float:
    a, b, c = points[faces[:, 0]], points[faces[:, 1]], points[faces[:, 2]]
    return float((a * np.cross(b, c)).sum() / 6.0)
