"""From a designer's CadQuery to charts: its bodies drawn, matched, fitted and certified, and what in it makes kinks."""
