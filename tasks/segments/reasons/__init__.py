"""Why one customer is where he is, why not elsewhere, and what would move him: for every kind of segmentation."""
