"""Which options, and how much of each: scales of schemes, the best mix under limits, what to decide in stages."""
