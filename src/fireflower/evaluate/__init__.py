"""How it runs: definitions compiled to a table, one kernel, replay, explain."""
