"""Scripts that run inside the environments of other tools (`run_TOOL.py CASES.json RESULTS.json`); they import nothing of ours."""
