"""Benchmarks: `python -m benchmarks NAME`. Each module has `main()`, which prints a table; none is a test."""
