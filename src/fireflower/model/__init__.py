"""The vocabulary that every other room speaks: records, timelines, transitions, errors, time."""
