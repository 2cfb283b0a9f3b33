"""Insoles: a pair that fits two feet, from measures, scans and pressure maps."""

from templates.insole.insole import Insole

__all__ = ["Insole"]
