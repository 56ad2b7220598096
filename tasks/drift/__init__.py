"""The drift room: what has changed between two snapshots of the customers, and whether it matters."""
