"""From scans to the person: what of a body a mesh shows, in the body's own frame."""
