"""The pages of `docs/reference/`, one module each; `docs/generate.py` writes them."""
