"""Golden cases as data: what any engine must make of a definition, settings and records."""
