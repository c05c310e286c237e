"""What predicts the goal, and how far the data supports it (docs/discovery.md).

Reading order: `candidates` (what is looked at; `orders` and `limits`: in which pairs; `circles`: of what it speaks),
`landmarks` (read off histories by the kernel, from the past alone), `frames` (who can be compared, and what became of
them), `leaks` (what must not be used), `boards` and `tallies` (conditions as bits), `search`, `chance` (how often
chance alone does as well), `rates` (shares with intervals), `choosing`, `scores`, `adjusting`, `ceiling`, `segments`,
`hypothesis`, `power`; `study` puts them together, `results` is what comes of it, `wording` says it, `drafts` writes
definitions.
"""
