"""The loop over rows: block by block for a whole archive (`replay_blocks`), or one batch after the other on kept state (`replay_batch`)."""

from __future__ import annotations

from .heap import clear, has_room
from .jit import jit
from .layout import (
    DONE,
    FIRST_RECORD,
    HEAP_FULL,
    MOST_FEEDS,
    NEVER,
    OUT_FULL,
    PENDING,
    ROW_WORDS,
    TO_ACCOUNT,
    TO_PERSON,
    USED,
    WAKE,
)
from .verdicts import advance, take_in

# Words of `progress`, by which a replay that paused goes on.
BLOCK = 0
ROW = 1
INSIDE = 2  # 1: the block has been prepared
PROGRESS_WORDS = 3


@jit
def clear_subjects(m, count):
    """Room for `count` subjects that have no record yet."""
    words = m.code[ROW_WORDS]
    for i in range(count):
        m.state[i * words + FIRST_RECORD] = -1
        m.state[i * words + PENDING] = -1
        m.state[i * words + WAKE] = NEVER


@jit
def _one_row(accounts, people, rows, i, t, first_account, first_person):
    """A row happens to its account and its person. Both are brought up to its instant before either takes it in, so that a pause
    between the two cannot happen."""
    if not has_room(accounts.heap, accounts.code[MOST_FEEDS] + people.code[MOST_FEEDS]):
        return HEAP_FULL
    target = rows.target[i]
    account = -1
    person = -1
    if accounts.code[USED] == 1 and target & TO_ACCOUNT != 0:
        account = (rows.account[i] - first_account) * accounts.code[ROW_WORDS]
        if not advance(accounts, account, rows.account[i], t):
            return OUT_FULL
    if people.code[USED] == 1 and target & TO_PERSON != 0:
        person = (rows.person[i] - first_person) * people.code[ROW_WORDS]
        if not advance(people, person, rows.person[i], t):
            return OUT_FULL
    if account >= 0:
        take_in(accounts, rows, i, account, t)
    if person >= 0:
        take_in(people, rows, i, person, t)
    return DONE


@jit
def _rows(accounts, people, rows, progress, end, as_of, first_account, first_person):
    while progress[ROW] < end:
        i = progress[ROW]
        t = rows.time[i]
        if t <= as_of:
            said = _one_row(accounts, people, rows, i, t, first_account, first_person)
            if said != DONE:
                return said
        progress[ROW] = i + 1
    return DONE


@jit
def advance_all(m, count, first, t):
    """Bring `count` subjects, numbered from `first`, up to t. False: the output is full."""
    words = m.code[ROW_WORDS]
    for i in range(count):
        if not advance(m, i * words, first + i, t):
            return False
    return True


@jit
def replay_blocks(accounts, people, rows, starts, first_account, first_person, last_block, progress, as_of):
    """Replay whole blocks up to and including `as_of`; state is forgotten between blocks.

    Returns DONE, or OUT_FULL / HEAP_FULL: empty the output or enlarge the heap, and call again with the same progress.
    """
    while progress[BLOCK] < last_block:
        b = progress[BLOCK]
        account_count = first_account[b + 1] - first_account[b]
        person_count = first_person[b + 1] - first_person[b]
        if progress[INSIDE] == 0:
            if accounts.code[USED] == 1:
                clear_subjects(accounts, account_count)
            if people.code[USED] == 1:
                clear_subjects(people, person_count)
            clear(accounts.heap)
            progress[ROW] = starts[b]
            progress[INSIDE] = 1
        said = _rows(
            accounts, people, rows, progress, starts[b + 1], as_of, first_account[b], first_person[b]
        )
        if said != DONE:
            return said
        if accounts.code[USED] == 1 and not advance_all(accounts, account_count, first_account[b], as_of + 1):
            return OUT_FULL
        if people.code[USED] == 1 and not advance_all(people, person_count, first_person[b], as_of + 1):
            return OUT_FULL
        progress[INSIDE] = 0
        progress[BLOCK] = b + 1
    return DONE


@jit
def replay_batch(accounts, people, rows, end, progress, as_of):
    """Replay rows [progress[ROW], end) on kept state: subjects are numbered from 0."""
    return _rows(accounts, people, rows, progress, end, as_of, 0, 0)
