"""The treatment room: who gets what on which channel, and why others do not."""
