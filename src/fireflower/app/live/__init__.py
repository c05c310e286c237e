"""Qualifying live: records as they come, verdicts as they change, messages as they are due."""
