"""Files from outside: hostile until read. Every reader runs in a child, checks sizes before it allocates, and names what is wrong."""
