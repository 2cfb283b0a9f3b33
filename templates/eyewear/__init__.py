"""Eyewear: a front, two temples and their hinges, for one face and one pair of lenses."""

from templates.eyewear.eyewear import Eyewear

__all__ = ["Eyewear"]
