"""Staff: posts and what they cost, how they fill, and how many cases each holds."""
