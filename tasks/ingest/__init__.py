"""Sources to `raw`, and `raw` to `staging`."""
