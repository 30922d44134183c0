"""hanbok: one lawful, fast, provable door to every language model."""

__version__ = "0.1.0"
