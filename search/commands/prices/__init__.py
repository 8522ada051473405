"""`codesign cost`: a workload on a chip without training, with its settings and tables.

What things cost is in `codesign`; here it is only asked for and printed.
"""
