"""The room that tells other systems what a run read and wrote."""
