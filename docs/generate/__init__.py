"""The generated part of the site: pages that are written from what the code itself knows.

Every module has a `page()` that returns Markdown, and needs no mkdocs; `hook.py` alone does.
Nothing here is kept by hand that code could tell.
"""
