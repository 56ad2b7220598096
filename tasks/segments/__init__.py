"""Who is in which segment: rules, RFM, clusters, and the identity of segments over time."""
