"""The report room: one self-contained HTML page per run, for the marketer and the engineer."""
