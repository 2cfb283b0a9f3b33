"""From scan to measures."""
