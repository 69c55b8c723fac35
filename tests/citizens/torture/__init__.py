"""Programs that torment a log, from seeds: a short run is part of the suite, a long one is

    python -m tests.citizens.torture --seeds 500 [--from 1000] [--only model,kills,damage,moves]

Each prints what it did, and for a failure the program and the seed that repeat it.
"""
