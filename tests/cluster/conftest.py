from log.databases import own, postgresql, server

__all__ = ["own", "postgresql", "server"]
