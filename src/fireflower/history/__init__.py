"""What is remembered: readers, the columnar archive, identities and memberships, assembly into timelines."""
