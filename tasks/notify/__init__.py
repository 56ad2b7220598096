"""Telling people: what a run found that somebody should look at."""
