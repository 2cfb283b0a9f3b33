"""Three small products to learn from."""
