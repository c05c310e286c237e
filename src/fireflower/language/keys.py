"""Every key that a file may have, with one sentence about it. The loader refuses what is not here; the JSON Schema and
the reference page are made of it."""

from __future__ import annotations

from collections.abc import Mapping

Keys = Mapping[str, str]

DEFINITION: Keys = {
    "definition": "The definition's name, unlike any other in the project.",
    "subject": "Whose history it is about: person (PQL) or account (PQA).",
    "kind": "Why it is a lead: usage (the default), limit reached, hand raise, or self-serve purchase.",
    "description": "What it means, in your own words.",
    "owner": "Who answers for it.",
    "anchors": "Names for events whose first time opens a window: 'within 14 days of NAME'.",
    "quantities": "Names for quantities, to be used in formulas.",
    "value": "The circle 'value': has got value from the product.",
    "fit": "The circle 'fit': is the kind of customer you look for.",
    "intent": "The circle 'intent': shows signs of wanting to buy.",
    "ability": "The circle 'ability': can do it, not only did it. Not evaluated yet.",
    "qualified": "The whole formula. By default all declared circles must hold.",
    "score": "Points that add up to the quantity 'score'.",
    "goal": "The event that the definition is to predict; by default the project's goal. 'none' for no goal.",
    "keep_after_goal": "true: a qualification goes on after the goal. By default it ends there, as converted.",
    "cooldown": "After a qualification lapsed, the span before the next can begin.",
    "tests": "Small histories and what must come of them; 'fireflower check' runs them.",
}

SETTINGS: Keys = {
    "project": "The project's name.",
    "start": "The event with which a subject's life with the product starts (sign-up).",
    "activation": "The event of first value, for the funnel.",
    "goal": "The event that definitions are to predict, unless they say otherwise.",
    "leave_out": "Who is never a lead and whose doings count for nothing: staff, bots, test accounts, competitors.",
    "timezone": "The time zone of subjects that have none of their own, such as Europe/Berlin. UTC by default.",
    "timezone_traits": "Which trait holds a subject's own time zone.",
    "timeless": "Traits whose imported values without a time have held from the beginning.",
    "attribution": "To which accounts an event belongs that names none: only (the default), latest or all.",
    "account_email": "The trait of a person that is an e-mail address, by whose domain they belong to an account.",
    "shared_domains": "Domains that are no accounts, besides those of free-mail providers.",
    "circles": "Of which circle events and traits speak; 'fireflower discover' sorts what it finds by it.",
    "links": "Where a person or an account is to be seen, for messages: a URL with {id} in it, each.",
    "retention": "How long events are kept, such as 400 days. Without it, for good.",
    "database": "Where the live log is kept: env:NAME, postgresql://USER@HOST/DATABASE, sqlite:///PATH or a path.",
    "imports": "How files are read; see the page on importing.",
}

LEAVE_OUT: Keys = {
    "people": "A formula: people for whom it holds are left out.",
    "accounts": "A formula: accounts for which it holds are left out.",
}

TIMEZONE_TRAITS: Keys = {
    "person": "The trait of a person that names a time zone.",
    "account": "The trait of an account that names a time zone.",
}

CIRCLES: Keys = {
    "value": "Events and traits that show that one has got value from the product.",
    "fit": "Events and traits that show that one is the kind of customer you look for.",
    "intent": "Events and traits that are signs of wanting to buy.",
}

LINKS: Keys = {
    "person": "The URL of a person's page, with {id} in it.",
    "account": "The URL of an account's page, with {id} in it.",
}

FORMULA: Keys = {
    "all": "A list of formulas, all of which must hold.",
    "any": "A list of formulas, of which at least one must hold.",
    "not": "A formula that must not hold.",
}

EVENTS: Keys = {
    "event": "The event's name, or several joined by 'or', or 'any'.",
    "where": "Tests of the event's own fields.",
}

QUANTITY: Keys = {
    "count": "How many events.",
    "distinct": "How many different values of a property, or of 'event': names of events; with 'of'.",
    "distinct_days": "On how many calendar days an event happened.",
    "sum": "The sum of a property; with 'of'.",
    "min": "The smallest number of a property; with 'of'.",
    "max": "The greatest number of a property; with 'of'.",
    "latest": "The property's value on the latest event that has it; with 'of'.",
    "members": "How many people are members of the account: 'any', a role, or a list of roles.",
    "actors": "How many different people did it in the account.",
    "recency": "The span since the latest such event.",
    "elapsed": "The span since an anchor.",
    "streak": "The current run of consecutive calendar days with an event.",
    "longest_streak": "The longest run of consecutive calendar days with an event so far.",
    "sequence": "How many steps of this list were done in this order; 'within' a span, if given.",
    "sessions": "How many sessions began; a 'gap' without an event ends one.",
    "hours_spent": "Hours between the events of sessions; with 'gap'.",
    "share": "A quantity, as a share of its 'limit'.",
    "ratio": "A quantity divided by another: 'to'.",
    "difference": "A quantity less another: 'minus'.",
    "trait": "A trait: account.NAME or person.NAME.",
    "skill": "How able the subject is. Not evaluated yet.",
    "points": "Points while a condition holds: formula -> points.",
    "each": "Points for every event: event -> points, or {points, cap}.",
}

MODIFIERS: Keys = {
    "of": "The events that carry the property.",
    "where": "Tests of the events' own fields.",
    "last": "Window: events of this span up to now.",
    "any": "Window: the best that 'last' has ever been.",
    "within": "Window: SPAN of ANCHOR. For a sequence, the span from its first step to its last.",
    "since": "Window: from the anchor on.",
    "gap": "The span without an event that ends a session; 30 minutes by default.",
    "limit": "The quantity of which a share is taken.",
    "to": "The denominator of a ratio.",
    "minus": "What is taken from the first quantity of a difference.",
}

SCORE: Keys = {
    "points": QUANTITY["points"],
    "each": QUANTITY["each"],
    "half_life": "The span in which points fade to their half.",
    "cap": "The most that the score can be.",
}

EACH: Keys = {
    "points": "Points for every event.",
    "cap": "The most that these events can bring together.",
}

TEST: Keys = {
    "name": "What the test shows.",
    "subject": "The person or account it is about; may be left out if the history has only one.",
    "history": "What happened, in any order.",
    "expect": "'never', or a list of {entered: WHEN} and {left: WHEN}: all transitions, no more and no fewer.",
    "as_of": "The moment up to which verdicts are read; by default the last moment named in the test.",
}

RECORD: Keys = {
    "at": "When: 'day 3', 'day 3 14:00', '2026-01-04' or '2026-01-04 14:00'. Day 0 is 2026-01-01; times are UTC.",
    "event": "The name of an event.",
    "person": "The person's id.",
    "account": "The account's id.",
    "properties": "The event's properties.",
    "times": "How often the event happens: at 'at', and again after each 'every'.",
    "every": "The span between repetitions.",
    "join": "The id of a person who becomes a member of the account.",
    "role": "The role in which they join.",
    "leave": "The id of a person who stops being a member of the account.",
    "traits": "Traits that the person or the account has from then on; null removes one.",
}

EXPECTED: Keys = {
    "entered": "When the subject becomes qualified.",
    "left": "When the subject stops being qualified.",
}

TABLES: Mapping[str, Keys] = {
    "definition": DEFINITION,
    "settings": SETTINGS,
    "leave_out": LEAVE_OUT,
    "timezone_traits": TIMEZONE_TRAITS,
    "circles": CIRCLES,
    "formula": FORMULA,
    "events": EVENTS,
    "quantity": QUANTITY,
    "modifiers": MODIFIERS,
    "score": SCORE,
    "each": EACH,
    "test": TEST,
    "record": RECORD,
    "expected": EXPECTED,
}
"""All of them by name, for tests and documentation."""
