"""The benchmark's five definitions in other engines, as well as we can write them. Each gives the same transitions.

Every condition is put into *deltas*: rows (subject, at, condition, delta) by which a small counter changes, so that the
condition holds while its counter reaches its bound. Deltas of one instant add up before anything is read, as
docs/semantics.md demands, and a falling window needs no rows but its own. What the definitions say on days, gaps and
islands is done on one row a subject and day, which costs one pass over all events instead of a sort of them.
"""
