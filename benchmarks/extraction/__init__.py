"""How well articles are read: our cleaner beside the tools people use today, on the same pages in one run.

``python -m benchmarks.extraction --data DIR …`` measures; ``python -m benchmarks.extraction.train`` makes the weights of
the model that judges blocks.
"""
