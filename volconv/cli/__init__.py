"""The command line: one file a verb; only this layer writes to the terminal."""
