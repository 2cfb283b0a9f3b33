"""A tracer's file is held against itself: what it tells of its lenses must be so."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from engine.body.lens import lenses_of
from engine.errors import InputError
from engine.shape.lens import box
from tests.traces import NAMES, block, egg, length, real, written

SIZE = (round(length(egg()), 2), box(lenses_of(written()).right))


def refused(data: bytes, **how: str) -> InputError:
    with pytest.raises(InputError) as caught:
        lenses_of(data, name="lens.oma", **how)  # type: ignore[arg-type]  # a unit, a side
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_real_files_hold_what_they_say(shared_data: pathlib.Path, name: str) -> None:
    pair = lenses_of(real(shared_data, name))
    for trace in (pair.right, pair.left):
        told, found = pair.told[trace.side], box(trace)
        if told.circ is not None:
            assert abs(told.circ - found.circumference) < 0.065
        if told.hbox is not None and told.vbox is not None and told.fed is not None:
            assert abs(told.hbox - found.a) < 0.005 and abs(told.vbox - found.b) < 0.005 and abs(told.fed - found.ed) < 0.34


def test_what_is_so_is_taken() -> None:
    circ, found = SIZE
    lines = (f"CIRC={circ + 0.09}", f"HBOX={found.a - 0.045}", f"VBOX={found.b + 0.045}", f"FED={found.ed + 0.45}")
    assert lenses_of(written(*lines)).told["left"].circ == circ + 0.09


@pytest.mark.parametrize(
    ("line", "why", "for_sender"),
    [
        (f"CIRC={SIZE[0] + 0.11:.2f}", "says a circumference (CIRC) that its trace has not", "trace is"),
        (f"CIRC=?;{SIZE[0] - 0.11:.2f}", "says a circumference (CIRC) that its trace has not", "the left trace"),
        (f"HBOX={SIZE[1].a + 0.06:.3f}", "says a width, height or effective diameter", "HBOX is"),
        (f"VBOX={SIZE[1].b - 0.06:.3f}", "says a width, height or effective diameter", "VBOX is"),
        (f"FED=?;{SIZE[1].ed + 0.51:.3f}", "says a width, height or effective diameter", "of the left trace"),
    ],
)
def test_what_is_not_so_is_refused(line: str, why: str, for_sender: str) -> None:
    error = refused(written(line))
    assert why in str(error) and for_sender in error.message


def test_a_turned_trace_is_seen() -> None:
    line = f"HBOX={SIZE[1].a:.2f}", f"VBOX={SIZE[1].b:.2f}"
    assert "is the trace turned" in str(refused(written(*line, right=np.roll(egg(), 90))))


def test_what_no_smooth_outline_follows() -> None:
    t = 2.0 * np.pi * np.arange(360) / 360
    square = 20.0 / np.maximum(np.abs(np.cos(t)), np.abs(np.sin(t)))
    rough = egg() + np.random.default_rng(1).uniform(-0.08, 0.08, 360).round(2)
    for radii in (square, rough):
        error = refused(written(right=radii))
        assert "no smooth outline follows it; ask for the trace again" in str(error) and "is off by" in error.message
    assert lenses_of(written(right=egg() + np.random.default_rng(1).uniform(-0.01, 0.01, 360).round(2)))


def test_a_mirror_image_that_is_not_the_lens_that_was_told() -> None:
    circ = SIZE[0]
    alone = "\n".join([f"CIRC={circ};{circ + 2.0}", *block(egg())]).encode()
    assert "the left trace" in refused(alone).message


def test_the_length_along_the_heights_counts_too() -> None:
    t = 2.0 * np.pi * np.arange(360) / 360
    z = np.round(1.5 * np.cos(2.0 * t), 2)
    steps = ";".join(str(round(100 * h)) for h in z)
    rows = [f"ZFMT=1;360;E;{side};F\nZ={steps}" for side in "RL"]
    radii = egg()
    points = np.stack((radii * np.cos(t), radii * np.sin(t), z), axis=1)
    deep = float(np.sqrt((np.diff(points, axis=0, append=points[:1]) ** 2).sum(axis=1)).sum())
    assert deep > SIZE[0] + 0.2
    data = written(f"CIRC={deep:.2f}") + "\n".join(rows).encode()
    assert lenses_of(data).right.heights is not None
    assert "CIRC" in str(refused(written(f"CIRC={deep:.2f}")))  # without them it is another length


@pytest.mark.parametrize("unit", ["cm", "m", "in"])
def test_it_brings_its_own_unit(unit: str) -> None:
    error = refused(written(), unit=unit)
    assert "hundredths of a millimetre: send an OMA file as mm" in str(error) and unit in error.message


def test_the_other_eye_s_lens() -> None:
    right = "\n".join(block(egg())).encode()
    assert lenses_of(right, side="right").mirrored == "left" and lenses_of(written(), side="left").mirrored is None
    error = refused(right, side="left")
    assert "holds the other eye's lens alone" in str(error) and "left" in error.message
