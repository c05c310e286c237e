"""The loop over rows: block by block for a whole archive (`replay_blocks`), or batch by batch on state that is kept
(`replay_batch`).

For the latter, `accounts` and `people` hold the position of each subject's state in the memory, 0 for one without a
record; below 0 is the position of a state that has been given back, for the subject to begin anew in (see `lives`).
"""

from __future__ import annotations

from .heap import clear, measure
from .jit import apart, jit, pointer
from .layout import (
    ACCOUNTS,
    DONE,
    FULL,
    KNOWN,
    MEMORY_FULL,
    MUTED,
    OUT_FULL,
    PEOPLE,
    SIZE,
    STANDING,
    TO_ACCOUNT,
    TO_PERSON,
    TOP,
    USED,
    Rows,
)
from .lives import copy, give_back, words_of
from .noticing import take_in
from .verdicts import advance, begin, is_due, stand

# Words of `progress`, by which a replay that paused goes on; all but the first two begin with 0.
BLOCK = 0
ROW = 1  # the next one, -1 if none is left
KIND = 2  # 0: accounts, 1: people
STRUNG = 3  # 1: the rows of the block's subjects of this kind have been strung together
SUBJECT = 4  # its number among these
STATE = 5  # where its state is; 0 before its first row
PROGRESS_WORDS = 6


@jit
def _arrive(m, f, g, states, number, subject, t):
    """The subject's state, brought up to just before t; 0: the output is full."""
    row = states[number]
    if row <= 0:
        row = begin(m, g, t, -row)
        states[number] = row
    if is_due(m, row, t) and not advance(m, f, g, row, subject, t):
        return 0
    return row


@jit
def _receive(m, rows, i, row):
    """The subject has row i, whatever it says."""
    if rows.has_received:
        m[row + KNOWN] = max(m[row + KNOWN], rows.received[i])


@jit
def _one_row(m, f, rows, i, t, accounts, first_account, people, first_person):
    """A row happens to its account and its person. Both arrive before either takes it in, so that a pause cannot come
    between."""
    target = rows.target[i]
    account = 0
    person = 0
    if target & TO_ACCOUNT != 0 and m[m[ACCOUNTS] + USED] == 1:
        account = _arrive(m, f, m[ACCOUNTS], accounts, rows.account[i] - first_account, rows.account[i], t)
        if account == 0:
            return OUT_FULL
    if target & TO_PERSON != 0 and m[m[PEOPLE] + USED] == 1:
        person = _arrive(m, f, m[PEOPLE], people, rows.person[i] - first_person, rows.person[i], t)
        if person == 0:
            return OUT_FULL
    if account != 0:
        _receive(m, rows, i, account)
        if target & MUTED == 0:
            take_in(m, f, m[ACCOUNTS], rows, i, account, t)
    if person != 0:
        _receive(m, rows, i, person)
        take_in(m, f, m[PEOPLE], rows, i, person, t)
    return DONE


@jit
def _rows(m, f, rows, progress, end, as_of, accounts, first_account, people, first_person):
    measure(m)
    for i in range(progress[ROW], end):
        t = rows.time[i]
        if t > as_of:
            continue
        if m[TOP] > m[FULL]:
            progress[ROW] = i
            return MEMORY_FULL
        if _one_row(m, f, rows, i, t, accounts, first_account, people, first_person) != DONE:
            progress[ROW] = i
            return OUT_FULL
    progress[ROW] = end
    return DONE


@apart
def advance_all(m, f, g, states, count, first, t):
    """Decide for `count` subjects, of which the first has the number `first`, all before t. False: the output is
    full."""
    for number in range(count):
        row = states[number]
        if row <= 0:
            continue
        if is_due(m, row, t) and not advance(m, f, g, row, first + number, t):
            return False
        if m[STANDING] != 0 and not stand(m, f, g, row, first + number, t - 1):
            return False
    return True


@jit
def _columns(rows):
    return Rows(
        pointer(rows.time),
        pointer(rows.what),
        pointer(rows.person),
        pointer(rows.account),
        pointer(rows.target),
        pointer(rows.detail),
        pointer(rows.received),
        pointer(rows.numbers),
        pointer(rows.codes),
        rows.width,
        rows.has_received,
        rows.first_row,
        pointer(rows.row),
        rows.has_row,
    )


@jit
def _string(rows, start, end, as_of, bit, who, first_subject, count, heads, links):
    """String the block's rows of each subject together, in their order: `heads` has the first one of each, `links`
    what follows each row of the block; -1 is none."""
    for number in range(count):
        heads[number] = -1
    for i in range(end - 1, start - 1, -1):
        if rows.target[i] & bit != 0 and rows.time[i] <= as_of:
            number = who[i] - first_subject
            links[i - start] = heads[number]
            heads[number] = i


@jit
def _tell(m, f, g, rows, start, links, muted, subject, progress, as_of):
    """What happens to one subject, from progress[ROW] to `as_of`."""
    i = progress[ROW]
    row = progress[STATE]
    said = DONE
    while i >= 0 and said == DONE:
        t = rows.time[i]
        if m[TOP] > m[FULL]:
            said = MEMORY_FULL
        elif row != 0 and is_due(m, row, t) and not advance(m, f, g, row, subject, t):
            said = OUT_FULL
        else:
            if row == 0:
                row = begin(m, g, t, 0)
            _receive(m, rows, i, row)
            if rows.target[i] & muted == 0:
                take_in(m, f, g, rows, i, row, t)
            i = links[i - start]
    progress[ROW] = i
    progress[STATE] = row
    if row == 0 or said != DONE:
        return said
    if is_due(m, row, as_of + 1) and not advance(m, f, g, row, subject, as_of + 1):
        return OUT_FULL
    return OUT_FULL if m[STANDING] != 0 and not stand(m, f, g, row, subject, as_of) else DONE


@jit
def _tell_all(m, f, g, rows, start, links, muted, heads, count, first_subject, progress, as_of):
    """What happens to `count` subjects of a block, to one after the other."""
    while progress[SUBJECT] < count:
        number = progress[SUBJECT]
        if progress[STATE] == 0:
            clear(m)
            progress[ROW] = heads[number]
        said = _tell(m, f, g, rows, start, links, muted, first_subject + number, progress, as_of)
        if said != DONE:
            return said
        progress[STATE] = 0
        progress[SUBJECT] = number + 1
    progress[SUBJECT] = 0
    return DONE


@jit
def _blocks(m, f, rows, starts, first_account, first_person, heads, links, last_block, progress, as_of):
    measure(m)
    while progress[BLOCK] < last_block:
        b = progress[BLOCK]
        start = starts[b]
        while progress[KIND] < 2:
            g, bit, muted, who, first = m[ACCOUNTS], TO_ACCOUNT, MUTED, rows.account, first_account
            if progress[KIND] == 1:
                g, bit, muted, who, first = m[PEOPLE], TO_PERSON, 0, rows.person, first_person
            count = first[b + 1] - first[b]
            if m[g + USED] == 1 and count > 0:
                if progress[STRUNG] == 0:
                    _string(rows, start, starts[b + 1], as_of, bit, who, first[b], count, heads, links)
                    progress[STRUNG] = 1
                said = _tell_all(m, f, g, rows, start, links, muted, heads, count, first[b], progress, as_of)
                if said != DONE:
                    return said
            progress[STRUNG] = 0
            progress[KIND] += 1
        progress[KIND] = 0
        progress[BLOCK] = b + 1
    return DONE


@jit
def replay_blocks(memory, floats, rows, starts, first_account, first_person, heads, links, last_block, progress, as_of):
    """Replay whole blocks up to and including `as_of`, one subject after the other: its state stays in the nearest
    cache, and the next one's lies in the same place. `heads` and `links` are scratch, with room for the subjects of a
    kind and the rows that a block has at most.

    Returns DONE, or OUT_FULL / MEMORY_FULL: empty the output or enlarge the memory, and call again with the same
    progress.
    """
    return _blocks(
        pointer(memory),
        pointer(floats),
        _columns(rows),
        pointer(starts),
        pointer(first_account),
        pointer(first_person),
        pointer(heads),
        pointer(links),
        last_block,
        pointer(progress),
        as_of,
    )


@jit
def replay_batch(memory, floats, rows, accounts, people, end, progress, as_of):
    """Replay rows from progress[ROW] to `end` on state that is kept; subjects are numbered from 0."""
    m, f = pointer(memory), pointer(floats)
    states, others = pointer(accounts), pointer(people)
    return _rows(m, f, _columns(rows), pointer(progress), end, as_of, states, 0, others, 0)


@jit
def advance_batch(memory, floats, accounts, account_count, people, person_count, t):
    """Decide for all subjects of kept state whatever lies before t."""
    m, f = pointer(memory), pointer(floats)
    if not advance_all(m, f, m[ACCOUNTS], pointer(accounts), account_count, 0, t):
        return OUT_FULL
    if not advance_all(m, f, m[PEOPLE], pointer(people), person_count, 0, t):
        return OUT_FULL
    return DONE


@jit
def advance_some(memory, floats, kind, states, numbers, times, progress):
    """Decide for the subjects of one kind with these numbers whatever lies before these times, each its own. `kind` is
    ACCOUNTS or PEOPLE. progress[ROW] says how many are done."""
    m, f, rows = pointer(memory), pointer(floats), pointer(states)
    who, until, done = pointer(numbers), pointer(times), pointer(progress)
    for i in range(done[ROW], len(numbers)):
        row = rows[who[i]]
        if row > 0 and is_due(m, row, until[i]) and not advance(m, f, m[kind], row, who[i], until[i]):
            done[ROW] = i
            return OUT_FULL
    return DONE


@jit
def give_back_some(memory, kind, states, numbers):
    """Give back the states of these subjects: they begin anew."""
    m, rows, who = pointer(memory), pointer(states), pointer(numbers)
    for i in range(len(numbers)):
        row = rows[who[i]]
        if row > 0:
            give_back(m, m[kind], row)
            rows[who[i]] = -row


@jit
def copy_some(memory, kind, sources, targets, numbers, progress):
    """Put a copy of each of these subjects' states in `sources` where their state in `targets` has been, which has been
    given back. progress[ROW] says how many are done."""
    m, source, target = pointer(memory), pointer(sources), pointer(targets)
    who, done = pointer(numbers), pointer(progress)
    for i in range(done[ROW], len(numbers)):
        row = source[who[i]]
        if m[TOP] + words_of(m, m[kind], row) > m[SIZE]:
            done[ROW] = i
            return MEMORY_FULL
        target[who[i]] = copy(m, m[kind], row, -target[who[i]])
    return DONE
