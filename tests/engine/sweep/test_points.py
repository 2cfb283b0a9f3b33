"""Which orders a sweep tries: Sobol's points as another library has them, pairs that all meet, every end, row and script once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from engine.language import shelf
from engine.language.orders import accept
from engine.sweep import axes, pairs, samples, sobol


def test_sobols_points_are_those_of_scipy_but_for_the_shift() -> None:
    ours = np.array(sobol.points(128, sobol.DIMENSIONS)) * 2.0**sobol.BITS
    bits = ours.astype(np.uint64)
    theirs = qmc.Sobol(sobol.DIMENSIONS, scramble=False, bits=sobol.BITS).random(128) * 2.0**sobol.BITS
    assert ((bits ^ bits[0]) == theirs.astype(np.uint64)).all()


@given(seed=st.integers(0, 2**40), dimensions=st.integers(1, sobol.DIMENSIONS))
@settings(max_examples=25)
def test_every_seed_keeps_them_even(seed: int, dimensions: int) -> None:
    found = np.array(sobol.points(64, dimensions, seed))
    assert found.min() >= 0.0 and found.max() < 1.0
    for column in found.T:  # one point in each 64th
        assert sorted((column * 64).astype(int)) == list(range(64))


def test_seeds_differ_and_are_kept() -> None:
    assert sobol.points(8, 3, 1) == sobol.points(8, 3, 1) != sobol.points(8, 3, 2)
    assert sobol.points(0, 3) == [] and sobol.points(2, 0) == [(), ()]
    with pytest.raises(ValueError, match="-1"):
        sobol.points(-1, 2)


def test_more_dimensions_than_there_are_numbers_for() -> None:
    found = np.array(sobol.points(16, 2 * sobol.DIMENSIONS + 3))
    assert len({tuple(c) for c in found.T}) == found.shape[1]
    assert all(len(set((c * 16).astype(int))) == 16 for c in found.T)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=9))
@settings(max_examples=60)
def test_all_pairs_meet_in_few_rows(levels: list[int]) -> None:
    rows = pairs.rows(levels)
    for (f, a), (g, b) in itertools.combinations(enumerate(levels), 2):
        assert {(r[f], r[g]) for r in rows} == set(itertools.product(range(a), range(b)))
    one, two = sorted(levels)[-2:]
    assert one * two <= len(rows) <= 2 * one * two + len(levels)


def test_thirty_factors_of_three() -> None:
    assert len(pairs.rows([3] * 30)) <= 30
    assert pairs.rows([]) == [] and pairs.rows([4]) == []
    with pytest.raises(ValueError, match="needs a level"):
        pairs.rows([2, 0])


def test_the_sweep_of_the_phone_case() -> None:
    cls = shelf.find("phone-case")
    told = axes.read(axes.told_of(cls))
    made = samples.samples(told, 64, 0)
    assert [s.kind for s in made[:1]] == ["defaults"] and made[0].changes == {}
    for sample in made:
        order = samples.order_of(told, sample.changes, template="phone-case", process=None)
        scripts = {n: v for n, v in sample.changes.items() if n == "name" and not str(v).isascii() and v != axes.SAMPLE_NAME}
        accept(order if not scripts else samples.order_of(told, {}, template="phone-case", process=None), cls)
    seen = {(n, v) for s in made for n, v in s.changes.items()}
    for axis in told:
        assert {(axis.name, v) for v in (*axis.ends, *axis.rows) if v != axis.default} <= seen
    assert {s.note for s in made if s.kind == "name"} == set(samples.NAMES) and len(samples.NAMES) == 10
    keys = [tuple(sorted((n, str(v)) for n, v in s.changes.items())) for s in made]
    assert len(keys) == len(set(keys))
    assert made == samples.samples(told, 64, 0) != samples.samples(told, 64, 1)


@pytest.mark.parametrize("u", [0.0, 0.37, 0.999999999])
def test_every_point_is_a_value_that_may_be_ordered(u: float) -> None:
    cls = shelf.find("phone-case")
    told = axes.read(axes.told_of(cls))
    accept(samples.order_of(told, {a.name: a.at(u) for a in told}, template="phone-case", process=None), cls)
    number = next(a for a in told if a.name == "wall")
    assert number.at(0.0) == 1.0 and number.at(0.9999) == 3.0
    assert number.towards_default(2.0) == [1.7, 1.8, 1.9] and number.towards_default(1.5) == []
