"""The quality room: checks at every door, declared in `expectations/`, run as SQL by Great Expectations."""
