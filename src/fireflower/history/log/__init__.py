"""The live side of a project's history: what was received, what followed from it, and what is to be told to whom, in
one database whose transactions keep the three together."""
