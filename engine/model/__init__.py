"""The types that every room shares; a leaf."""
