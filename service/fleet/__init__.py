"""Lanes on other machines, through a scheduler of Dask: who works there, and how the dispatcher reaches them."""
