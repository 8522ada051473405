"""The sections of a config: which keys there are, of what type, between which bounds. Nothing is looked up and nothing read here."""
