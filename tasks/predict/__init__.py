"""What customers will do: churn, spend and lifetime value, learnt from snapshots of the past, with evidence."""
