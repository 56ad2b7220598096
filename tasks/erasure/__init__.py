"""What is held of a person: found in every table and file, given to him, taken out, and looked for again."""
