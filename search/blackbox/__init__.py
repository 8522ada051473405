"""Other ways to search the same problem, with one interface and one budget; `search.compare` puts them side by side."""
