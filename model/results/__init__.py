"""One run of a case, and what it leaves: tidy frames, metrics, and the contract's files.

The model runs in blocks of draws, so that only yearly lines, monthly nets and placement stocks are ever whole in
memory. Arrays stay arrays until they are summarised; a frame is made from statistics, never from draws.
"""

DRAWS, SEED = 2000, 1
"""What a run takes unless told otherwise."""
