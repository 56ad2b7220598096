"""`staging` to `features`: what is known of each customer at the as-of day, by theme, and the catalogue of it."""
