"""HTTP in and out: what clients send, and what people look at."""
