"""A compiled @cad stage: what it is given as numbers, the file that it is kept in, and its mesh in a fraction of a millisecond."""
