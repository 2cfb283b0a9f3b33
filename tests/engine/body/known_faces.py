"""Faces whose measures are known: drawn from the whole basis, deformed, cropped, thinned, with noise, holes and strays, in any pose.

Nothing here is shared with what reads scans but the numbers of the basis' vertices.
"""

from __future__ import annotations

import functools
import pathlib
from dataclasses import dataclass

import igl
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial.transform import Rotation

from engine.model.mesh import Mesh

BASIS = "head/ict_facekit_identity_basis_mm.npz"
LANDMARKS = {
    "left_ear_root": 8451, "right_ear_root": 8176, "left_tragion": 6738, "right_tragion": 7465, "sellion": 978,
    "left_eye_inner": 3742, "left_zygion": 8456, "right_zygion": 8181, "left_eye_outer": 3721, "right_eye_inner": 1528, "right_eye_outer": 1507,
}  # fmt: skip
CROPS = ("front", "ears", "head")
NOSE = ((-15.0, 15.0), (-16.0, 4.0))
"""x and y in the face's frame, mm: the nose's skin there is compared with the truth."""


@dataclass(frozen=True, eq=False)
class Known:
    """`scan` in its pose; `points`, `faces`: the true surface in the face's frame; `landmarks` there; `rotation`, `shift` bring the frame
    to the scan."""

    scan: Mesh
    points: np.ndarray
    faces: np.ndarray
    landmarks: dict[str, np.ndarray]
    rotation: Rotation
    shift: np.ndarray

    @property
    def pd(self) -> float:
        return float(self.landmarks["left_pupil"][0] - self.landmarks["right_pupil"][0])


@functools.cache
def basis(path: pathlib.Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as made:
        return {name: made[name] for name in made.files}


def drawn(
    path: pathlib.Path, seed: int, *, outside: bool, crop: str | None = None, triangles: int | None = None, noise: float = 0.3
) -> Known:
    """A face of the whole basis, all of 100 modes."""
    random = np.random.default_rng(seed)
    told = basis(path)
    amounts = random.normal(size=100)
    points = told["neutral_mm"] + np.tensordot(amounts, told["modes_mm"].astype(np.float64), 1)
    if outside:
        points = points + field(random, points[:11248], points)
    sclera = {side: told[f"sclera_{side}"][np.argmax(told["neutral_mm"][told[f"sclera_{side}"], 2])] for side in "lr"}
    pupils = {side: np.array([*points[told[f"iris_{side}"], :2].mean(axis=0), points[sclera[side], 2]]) for side in "lr"}
    origin = (pupils["l"] + pupils["r"]) / 2
    landmarks = {name: points[row] - origin for name, row in LANDMARKS.items()}
    landmarks |= {"left_pupil": pupils["l"] - origin, "right_pupil": pupils["r"] - origin}
    skin, faces = points[:11248] - origin, told["tri"].astype(np.int64)
    crop = crop or CROPS[int(random.integers(3))]
    shown = skin.copy()
    if crop == "head" and random.random() < 0.5:
        shown = shown + hair(random, shown)
    kept = faces[inside(shown[faces].mean(axis=1), crop)]
    aim = triangles or int(np.exp(random.uniform(np.log(5000), np.log(50_000))))
    made, rows = thinned(shown, kept, aim)
    made = made + random.normal(size=made.shape) * noise
    made, rows = worn(random, made, rows)
    rotation, shift = Rotation.random(random_state=int(random.integers(2**31))), random.uniform(-300, 300, 3)
    scan = Mesh(np.ascontiguousarray(rotation.apply(made) + shift), np.ascontiguousarray(rows.astype(np.int32)))
    return Known(scan, skin, faces.astype(np.int32), landmarks, rotation, shift)


def field(random: np.random.Generator, places: np.ndarray, points: np.ndarray, most: float = 2.0) -> np.ndarray:
    """A smooth random field at `points`, at most so long among `places`."""
    count = 12
    at, wide = places[random.integers(len(places), size=count)], random.uniform(15.0, 40.0, count)
    way = random.normal(size=(count, 3))

    def sums(where: np.ndarray) -> np.ndarray:
        square = ((where[:, None] - at) ** 2).sum(axis=2)
        return np.exp(-square / (2 * wide**2)) @ way

    return sums(points) * (most / np.linalg.norm(sums(places), axis=1).max())


def hair(random: np.random.Generator, points: np.ndarray) -> np.ndarray:
    """Away from the middle of the head, above the forehead and behind the ears."""
    middle = np.array([0.0, 20.0, -110.0])
    out = points - middle
    out /= np.linalg.norm(out, axis=1)[:, None]
    much = np.clip((points[:, 1] - 45.0) / 25.0, 0.0, 1.0) + np.clip((-points[:, 2] - 110.0) / 25.0, 0.0, 1.0)
    rough = 1.0 + 0.3 * np.sin(points @ random.normal(size=3) * 0.3)
    return out * (np.clip(much, 0.0, 1.0) * rough * random.uniform(4.0, 18.0))[:, None]


def inside(middles: np.ndarray, crop: str) -> np.ndarray:
    """Which faces a scanner saw."""
    _, y, z = middles.T
    if crop == "front":
        return (z > -62.0) & (y > -112.0) & (y < 62.0)
    return (z > -125.0) & (y > -125.0) & (y < 75.0) if crop == "ears" else np.ones(len(middles), bool)


def thinned(points: np.ndarray, faces: np.ndarray, aim: int) -> tuple[np.ndarray, np.ndarray]:
    """About so many triangles, by quadrics (Garland and Heckbert 1997)."""
    faces = without_knots(faces)
    used, rows = np.unique(faces, return_inverse=True)
    points, faces = points[used], rows.reshape(-1, 3)
    while len(faces) < aim:
        points, faces = halved(points, faces)
    made, rows = igl.qslim(points, faces, aim)[:2]
    return made, rows


def without_knots(faces: np.ndarray) -> np.ndarray:
    """Without faces at points where two borders meet, of which quadrics make nothing."""
    while True:
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        unique, count = np.unique(edges, axis=0, return_counts=True)
        ends, met = np.unique(unique[count == 1], return_counts=True)
        knots = ends[met > 2]
        if not len(knots):
            return faces
        faces = faces[~np.isin(faces, knots).any(axis=1)]


def halved(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each triangle in four."""
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, row = np.unique(edges, axis=0, return_inverse=True)
    middle = row.reshape(-1, 3) + len(points)
    a, b, c = faces.T
    ab, bc, ca = middle.T
    made = np.concatenate([np.column_stack(t) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return np.concatenate([points, points[unique].mean(axis=1)]), made


def worn(random: np.random.Generator, points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Holes of up to 10 mm, points that are far off, and strays round about."""
    middles = points[faces].mean(axis=1)
    for _ in range(int(random.integers(2, 7))):
        at = middles[random.integers(len(middles))]
        kept = np.linalg.norm(middles - at, axis=1) > random.uniform(3.0, 10.0)
        faces, middles = faces[kept], middles[kept]
    points = points.copy()
    odd = random.integers(len(points), size=max(5, len(points) // 500))
    points[odd] += random.normal(size=(len(odd), 3)) * 4.0
    count = int(random.integers(10, 60))
    low, high = points.min(axis=0) - 20.0, points.max(axis=0) + 20.0
    strays = (random.uniform(low, high, (count, 3))[:, None] + random.normal(size=(count, 3, 3)) * 2.0).reshape(-1, 3)
    rows = np.arange(3 * count).reshape(-1, 3) + len(points)
    return np.concatenate([points, strays]), np.concatenate([faces, rows])


def truth(known: Known) -> dict[str, float]:
    """Its measures, by their definitions; widths and angles of the nose by sections of the true surface."""
    at = known.landmarks
    left, right = at["left_pupil"], at["right_pupil"]
    roots = {side: at[f"{side}_ear_root"] for side in ("left", "right")}
    height = heights(known)
    down = np.arange(-14.0, -5.9, 0.25)
    width = {y: [wide(height, y + d, 9.0) for d in np.arange(-1.5, 1.51, 0.25)] for y in (-5.0, -8.5, -12.0)}
    splay = [np.mean([wide(height, -12.0 + d, z)[0] for d in np.arange(-1.5, 1.51, 0.25)]) for z in np.arange(6.0, 12.1, 0.5)]
    middle = float(np.mean([m for _, m in width[-8.5]]))
    return {
        "pd": left[0] - right[0],
        "left_pd": left[0] - middle,
        "right_pd": middle - right[0],
        "bizygomatic": at["left_zygion"][0] - at["right_zygion"][0],
        "head_width_at_ears": roots["left"][0] - roots["right"][0],
        **{f"{side}_ear_depth": -root[2] for side, root in roots.items()},
        **{f"{side}_ear_height": root[1] for side, root in roots.items()},
        "nose_depth": float(
            np.mean([height(np.arange(-8.0, 8.1, 0.1), np.full(161, -5.0 + d)).max() for d in np.arange(-1.5, 1.51, 0.5)])
        ),
        "bridge_width": float(np.mean([w for w, _ in width[-5.0]])),
        "nose_width": float(np.mean([w for w, _ in width[-12.0]])),
        "nose_frontal_angle": slope(-down, [wide(height, y, 9.0)[0] / 2 for y in down]),
        "nose_splay_angle": slope(-np.arange(6.0, 12.1, 0.5), [w / 2 for w in splay]),
    }


def heights(known: Known) -> LinearNDInterpolator:
    """z of the true skin over x and y, round the nose."""
    x, y, z = known.points.T
    there = (np.abs(x) < 32.0) & (y > -36.0) & (y < 22.0) & (z > -12.0)
    return LinearNDInterpolator(known.points[there, :2], z[there])


def wide(height: LinearNDInterpolator, y: float, level: float) -> tuple[float, float]:
    """How wide the nose is there, and where its middle is."""
    x = np.arange(-22.0, 22.01, 0.05)
    z = height(x, np.full(len(x), y))
    top = int(np.argmax(np.where(np.abs(x) <= 8.0, z, -np.inf)))
    below = np.flatnonzero(~(z > level))
    if z[top] <= level or not len(below[below < top]) or not len(below[below > top]):
        return np.nan, np.nan
    one, two = x[below[below < top][-1]], x[below[below > top][0]]
    return float(two - one), float(one + two) / 2


def slope(along: np.ndarray, across: list[float]) -> float:
    return float(np.degrees(np.arctan(np.polyfit(along, across, 1)[0]))) if np.isfinite(across).all() else np.nan
