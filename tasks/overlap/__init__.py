"""The overlap room: how the segments of different segmentations share their customers."""
