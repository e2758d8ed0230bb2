"""Fetch news pages, keep them as captures, clean them into a Markdown corpus."""
