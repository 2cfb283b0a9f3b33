"""What designers write with; imports neither numba nor a door."""
