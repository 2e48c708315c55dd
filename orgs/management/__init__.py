"""Commands of the organisations' room."""
