from log.databases import database, opened, postgresql, server, url

__all__ = ["database", "opened", "postgresql", "server", "url"]
