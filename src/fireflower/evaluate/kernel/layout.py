"""What lies where. The kernel's whole world is one array of words, the *memory*: its head, the programs, the output,
and the heap
with the states of the subjects. Records refer to each other by position in it.

In the kernel `m` is the memory as integers and `f` the same words as floats; `g` is the position of a program, `row`
of a
subject's state, `q` of a quantity's record. All times are microseconds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

NEVER = 2**62
DAY = 86_400_000_000
NAN = float("nan")


class Rows(NamedTuple):
    """The columns of a timeline. `numbers` and `codes` hold one property after the other, `width` words each.
    `received` counts only if `has_received`. Row i is named `row[i]` if `has_row`, else `first_row + i`."""

    time: Any
    what: Any
    person: Any
    account: Any
    target: Any
    detail: Any
    received: Any
    numbers: Any
    codes: Any
    width: int
    has_received: bool
    first_row: int
    row: Any
    has_row: bool


# Head of the memory.
TOP = 0  # the heap's end
NEED = 1  # words that a quantity may take at most when it takes something in
FREE = 2  # one list of free regions per power of two
WORD = 64  # one word to see a float as an integer
HEAP = 65  # where the heap begins
FADE = 66  # the fade table
ZONES = 67  # the zone index
OUT = 68  # transitions
OUT_ROOM = 69  # rows of them
OUT_COUNT = 70
EVIDENCE = 71
EVIDENCE_ROOM = 72
EVIDENCE_COUNT = 73
WITH_EVIDENCE = 74  # 0: none; 1: rows that refer to facts; VALUES: rows that are quantities
ACCOUNTS = 75  # the program of each kind of subject
PEOPLE = 76
SIZE = 77  # words of the whole memory
STANDING = 78  # instead of transitions: 1, who is qualified at the end; 2, how everybody stands
FULL = 79  # a heap that ends beyond this may be too small for the next row
ROW_NEEDS = 80  # words and feeds that one row may take at most
FEED_NEEDS = 81
FACTS = 82  # what evidence refers to; room for as many as it has rows
FACT_COUNT = 83
FACTS_BEFORE = 84  # how many there were before the output was emptied last
TURNS = 85  # what facts refer to, as much room
TURN_COUNT = 86
MEMORY_HEAD = 87

# Head of a program.
FEEDS = 0  # the feed index: for each name, where its feeds begin
ROW_WORDS = 1  # words of a subject's state
CONDITIONS = 2  # the condition records
CONDITION_COUNT = 3
DEFINITIONS = 4
DEFINITION_COUNT = 5
TIMED = 6  # list of the quantities that time alone can change; at FLIPS, in their order, the moments (see FLIP)
TIMED_END = 7
OUT_START = 8  # the leave-out formula
OUT_END = 9
TEMPLATE = 10  # a subject's state before its first record
MOST_FEEDS = 11  # greatest number of feeds of one name
MOST_EVIDENCE = 12  # evidence rows if every definition changes at once
USED = 13  # 0: no definition is about this kind of subject
QUEUE = 14  # scratch: the definitions to decide
QUEUE_COUNT = 15
ITEM_QUEUE = 16  # scratch: the score items to look at
ITEM_QUEUE_COUNT = 17
LAST_TIP = 18  # the row that changed the latest condition decided
ALL_ITEMS = 19  # list of all score items
ALL_ITEMS_END = 20
RELATIVE = 21  # list of the words of a state that are times since the first record, and so are moved to it
RELATIVE_END = 22
AT_BIRTH = 23  # list of the definitions whose formula holds with nothing having happened
AT_BIRTH_END = 24
FLIPS = 25
REGIONS = (
    26  # list of the regions that a state may have in the heap: where in the state, and the width of a ring or SET
)
REGIONS_END = 27
COOLING = 28  # list of the definitions that have a cooldown
COOLING_END = 29
PROGRAM_HEAD = 30
SET = -1

# Quantity record.
OP = 0
MODE = 1
STATE = 2  # its words within the subject's state
SPAN = 3  # of the window; half-life of a score
GATE = 4  # record of the anchor (a FIRST quantity), 0 for none
GATE_SPAN = 5
SOURCE = 6
NUMBER_COLUMN = 7
TEXT_COLUMN = 8
A = 9  # see each op
B = 10
READERS = 11  # list of the tested quantities to look at when it takes something in
READERS_END = 12
GATED = 13  # for an anchor: list of the quantities behind it
GATED_END = 14
WORDS = 15  # how many words of state
FRESH = 16  # its words in the template
QUIETS = 17  # 1: it may be QUIET, since each of its readers reads it alone
SCALE = 18  # units of the total in one of the value
QUIET_SCORE = 19  # of POINTS: the record of the score that may be QUIET about it, 0 for none
TESTS = 20  # list of the conditions that test it
TESTS_END = 21
CUTS = 22  # list of floats, rising from -inf to inf, twice inf: between two of them no test changes its truth
TRUTHS = 23  # for each cell, from the cut at its beginning to the next, the truth of each test
LAST_CELL = 24
# Position in the subject's state of the moment at which time alone may lead it out of its cell; 0 if it never does.
FLIP = 25
REMARK = 26  # when to plan anew, though its cell stays, since time alone may lead out of it sooner than planned:
NO_REMARK = 0  # never
UNPLANNED = 1  # after a change, if nothing has been planned
NEGATIVE_ONLY = 2  # after a change, if there are negative amounts
ANY_CHANGE = 3
LATE = 27  # 1: it is or reads a score, so it is decided after the others
ALL_TESTS = 28  # list of the numbers of the tests
ALL_TESTS_END = 29
# For each cell, where the numbers of the tests begin whose truth changes at its end. These lists follow each other, so
# the tests that tell two cells apart lie together.
CROSSED = 30
QUANTITY_WORDS = 31

# Ops.
COUNT = 0
SUM = 1  # A: divisor of the integer total
EXTREME = 2  # A: 1 for max, -1 for min
LATEST = 3
DISTINCT = 4
MEMBERS = 5  # A: the role mask, 0 for every role
RECENCY = 6
FIRST = 7
STREAK = 8  # A: 1 for the longest
SEQUENCE = 9  # A: span
TRAIT = 10  # A: the numbers of its values
NUMBER = 11  # A: the value
RATIO = 12  # A, B: quantity records
SCORE = 13  # A, B: list of item records; SPAN: half-life, 0 for none; GATE_SPAN: cap
POINTS = 14  # A: millionths an event, B: cap; SPAN: half-life, 0 for none
ZONE = 15  # A: position of code -> zone number
DIFFERENCE = 16  # A, B: quantity records

# Modes: how a window forgets.
EVER = 0
LAST = 1
ANY = 2

# Sources: what an event contributes.
ONE = 0
VALUE = 1
SESSION_START = 2  # B: gap
SESSION_GAP = 3  # B: gap
LOCAL_DAY = 4
ACTOR = 5
EVENT_NAME = 6  # the feed's argument is the code of the name

# Words of a quantity's state.
PROVISIONAL = 0  # the instant at which it took something in before its anchor had happened
PREVIOUS = 1  # time of the previous event, for sessions; outlives a reset
# While its total stays below this, no event leads it out of its cell; RECENCY: while this is 1. SCORE: what may still
# be earned. 0 while it is marked.
QUIET = 2
FLOOR = 3  # its cell when it was decided: FLOOR <= value < CEIL, between two cuts; both NaN if it was missing or text.
CEIL = 4  # FLOOR alone is NaN once it has been seen outside
MARKED = 5  # 1: its conditions are to be decided when the instant is over
CELL = 6  # the number of its cell when it was decided, -1 if it was missing or text
BODY = 7  # from here on each op's own words

# Condition record.
QUANTITY = 0
TEST = 1
USERS = 2  # list of the definitions that read it, each followed by its MISSED
USERS_END = 3
ITEMS = 4  # list of the score items that read it
ITEMS_END = 5
CONDITION_STATE = 6  # position of its words in the subject's state
CONDITION_WORDS = 7

# Words of a condition's state.
HOLDS = 0
SINCE = 1
TIP = 2
DIFFERS = 3  # the row of this instant since which its truth has been another, -1 for none
FACT = 4  # the number, among all ever written, of the latest fact that says what is above; -1 for none
CONDITION_STATE_WORDS = 5

# Test record: the value is inside one of the intervals in [LOW, HIGH) (pairs of floats, both ends included).
LOW = 0
HIGH = 1
NEGATED = 2
MASK = 3  # the truth for each text, 0: false for all
MISSING = 4  # truth of a missing value
TEST_WORDS = 5

# Definition record.
REST = 0  # the formula without the needed conditions
REST_END = 1
GOAL = 2  # condition record, 0 for none
KEEP = 3
COOLDOWN = 4
SHOWN = 5  # list of the conditions that make its evidence
SHOWN_END = 6
DEFINITION_STATE = 7
INDEX = 8  # among all definitions
QUEUED = 9  # scratch: 1 while it is in the queue
# List of the conditions (the positions of their words in the subject's state) without any of which its formula cannot
# hold.
NEEDED = 10
NEEDED_END = 11
# Position in the subject's state of a word that says which needed condition it misses, as in the list: until that one
# holds, it need not be looked at. The word is 0 if it misses none.
MISSED = 12
DEFINITION_WORDS = 13

# Words of a definition's state.
QUALIFIED = 0
COOL_UNTIL = 1
VERDICT_SINCE = 2  # since when it is (not) qualified
DEFINITION_STATE_WORDS = 3

# Formula codes: a positive number is the position of a condition's words in the state; the rest are these.
AND = -1
OR = -2
NOT = -3
ALWAYS = -4
NEVER_HOLDS = -5

# Score item record.
ITEM_KIND = 0  # HOLDING or EARNING
ITEM_FORMULA = 1  # HOLDING: formula; EARNING: the POINTS quantity record
ITEM_FORMULA_END = 2
ITEM_POINTS = 3
ITEM_STATE = 4
ITEM_READERS = 5  # conditions on the score
ITEM_READERS_END = 6
ITEM_WORDS = 7
HOLDING = 0
EARNING = 1

# Feed record.
FEED_QUANTITY = 0
FEED_WHERE = 1  # list: a positive number is an atom record, the rest as in formulas; 0 for none
FEED_WHERE_END = 2
FEED_ARGUMENT = 3
FEED_READS = 4  # 1: its quantity reads a property
FEED_STATE = 5  # the quantity's words within the subject's state
SHORTCUT = 6  # how to see that nothing comes of it, see `shortcuts`
FEED_WORDS = 7

# Atom record: one test of `where`.
FIELD = 0
ATOM_NUMBER = 1
ATOM_TEXT = 2
ATOM_TEST = 3
ATOM_WORDS = 4
PROPERTY = 0
HOUR = 1
WEEKDAY = 2
ROLE = 3

# Head of a subject's state.
FIRST_RECORD = 0
PENDING = 1  # the instant that is being taken in, NEVER for none
WAKE = 2  # nothing changes by time alone before this moment
KNOWN = 3  # greatest time of receipt so far
ZONE_NUMBER = 4
ZONE_FROM = 5  # the offset below is valid in [ZONE_FROM, ZONE_UNTIL)
ZONE_UNTIL = 6
ZONE_OFFSET = 7
DAY_FROM = 8  # the calendar day below is that of [DAY_FROM, DAY_UNTIL)
DAY_UNTIL = 9
TODAY = 10
COOL = 11  # no cooldown ends before this moment
BORN = 12
MARKED_COUNT = 13
STOOD = 14  # 1: how it stands at the end has been written
STATE_HEAD = 15  # then the marked quantities

# Transitions: the columns at, known_at and WHO, with OUT_ROOM words each. The rows of evidence of each follow those of
# the one before.
OUT_WORDS = 3
DEFINITION_BIT = 32  # of WHO: the subject in the lowest bits, its definition, the change, the reason from these bits on
CHANGE_BIT = 48
REASON_BIT = 56
# A row of evidence is a word: the number of a fact among those in the output. A fact: the columns quantity (floats) and
# number of the condition's turn among those in the output, with EVIDENCE_ROOM words each.
FACT_WORDS = 2
# A turn of a condition: the words since, and WHAT. It is written with the first evidence that shows it.
TURN_WORDS = 2
IT_HOLDS = -1 << 63  # of WHAT: the highest bit; the row that tipped it is in the others
NO_ROW = ~IT_HOLDS
VALUES = 2
TEXT_VALUE = 0x7FF80001 << 32  # a quantity that is text: missing, with its code in the lowest bits
MOST_DEFINITIONS = 1 << 16  # that may be told from each other in WHO

# Reasons.
NO_REASON = -1
REASON_QUALIFIED = 0
REASON_LAPSED = 1
REASON_CONVERTED = 2
REASON_LEFT_OUT = 3

# What the loop says when it stops.
DONE = 0
OUT_FULL = 1
MEMORY_FULL = 2

TO_PERSON = 1
TO_ACCOUNT = 2
MUTED = 4  # the account has the row, but it counts for nothing: its person is left out
