"""A @cad method compiled: what it may be asked before its charts are fitted, and what ruins a fit."""
