"""How healthy segments are, and the known mistakes of a segmentation, named with evidence and what to do."""
