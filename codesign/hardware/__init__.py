"""Hardware families: chips whose parameters are optimised."""
