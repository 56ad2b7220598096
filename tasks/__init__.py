"""The rooms of the corridor; each package is one room."""
