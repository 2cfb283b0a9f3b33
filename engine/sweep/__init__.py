"""A template tried over all that a customer may choose: which orders, run in children, and what their answers say of it."""
