"""Risk: what drives the answer, what would have to be true, what to learn first, who earned it."""
