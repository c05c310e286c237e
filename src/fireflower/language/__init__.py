"""What may be said: the nodes of a definition, how they are read, checked, described and told apart."""
