"""Use cases: one a file, returning data objects. Nothing here prints."""
