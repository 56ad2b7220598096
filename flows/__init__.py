"""Flows: each composes tasks for one job; no SQL, no arithmetic, no branch on data."""
