"""From a designer's CadQuery to charts: sampled, matched, fitted, certified."""
