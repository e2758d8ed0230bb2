"""Jinja2 templates and the few static assets of the built archive."""
