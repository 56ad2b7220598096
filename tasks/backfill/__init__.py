"""Backfills: which dates are to be computed anew, why, and how what comes of it differs from what is published."""
