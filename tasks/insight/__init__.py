"""What segments are and how they change: profiles, key figures, flows, named transitions."""
