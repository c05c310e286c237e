"""The second statement of docs/semantics.md: slow, obvious, and sharing no code with the engine."""
