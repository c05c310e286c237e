from log.databases import database, opened, own, postgresql, server, url

__all__ = ["database", "opened", "own", "postgresql", "server", "url"]
