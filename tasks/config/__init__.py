"""Settings: the one place that reads the workspace file and the environment."""
