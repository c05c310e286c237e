"""Every key that a destination's file may have, with one sentence about it. The loader refuses what is not here; the
reference page is held to it."""

from __future__ import annotations

from collections.abc import Mapping

Keys = Mapping[str, str]

DESTINATION: Keys = {
    "destination": "The destination's name, unlike any other in the project.",
    "webhook": "A URL that takes signed JSON.",
    "slack": "A channel of Slack, by an incoming webhook or by an app's token.",
    "email": "E-mail by SMTP.",
    "file": "A file to which a line of JSON is appended.",
    "when": "Which transitions are told; by default every 'entered'.",
    "message": "The text, a template; by default built from the evidence.",
    "cap": "At most so many messages in a span; one mapping, or a list of them.",
    "quiet_hours": "Hours of the receiver's day in which nothing is sent; it is sent when they end.",
    "retractions": "Whether a correction is sent when a told transition turns out wrong: tell (the default) or silent.",
}

WEBHOOK: Keys = {
    "url": "Where to, https://...; or a secret, if the URL is one.",
    "secret": "The signing secret, or a list of them while receivers change over.",
    "headers": "Further headers, each from a secret.",
    "timeout": "The span for the whole exchange; 15 seconds by default.",
    "allow_private": "true: it may lead to addresses that are not public, and may be http://.",
}

SLACK: Keys = {
    "webhook": "The URL of an incoming webhook: a secret.",
    "token": "The token of an app (xoxb-...): a secret; with 'channel'.",
    "channel": 'The channel, such as "#leads", the id of a channel or user, or a trait that holds one.',
    "api": "The address of Slack's Web API, if it is another than https://slack.com/api.",
    "timeout": "The span for the whole exchange; 15 seconds by default.",
    "allow_private": "true: it may lead to addresses that are not public, and may be http://.",
}

EMAIL: Keys = {
    "to": "An address, a trait that holds one such as person.email, or a list of these.",
    "from": "The sender's address: 'ff@example.com' or 'Fireflower <ff@example.com>'.",
    "subject": "The subject line, a template.",
    "smtp": "The mail server.",
}

SMTP: Keys = {
    "host": "The server's name.",
    "port": "By default 587, with 'encryption: tls' 465, with 'encryption: none' 25.",
    "encryption": "starttls (the default), tls (from the first byte on) or none.",
    "user": "The user's name, as it is or from a secret.",
    "password": "A secret.",
    "timeout": "The span for the whole exchange; 30 seconds by default.",
}

FILE: Keys = {
    "path": "The file; a relative path begins at the project's folder.",
}

WHEN: Keys = {
    "definitions": "The definitions that are told; all by default.",
    "change": "entered, left or both; 'entered' by default.",
    "subject": "person, account or both; both by default.",
}

CAP: Keys = {
    "at_most": "How many messages.",
    "per": "Within which span.",
    "each": "Counted for each subject (the default), or for the destination as a whole.",
}

QUIET_HOURS: Keys = {
    "from": 'When they begin on the receiver\'s clock, such as "20:00".',
    "until": 'When they end, such as "08:00".',
    "timezone": "The zone of receivers of whom none is known; by default the project's.",
    "timezone_trait": "The trait that names the receiver's zone, such as account.timezone.",
}

TABLES: Mapping[str, Keys] = {
    "destination": DESTINATION,
    "webhook": WEBHOOK,
    "slack": SLACK,
    "email": EMAIL,
    "smtp": SMTP,
    "file": FILE,
    "when": WHEN,
    "cap": CAP,
    "quiet_hours": QUIET_HOURS,
}
"""All of them by name, for tests and documentation."""
