"""What was promised, what happened, why they differ, and what is now to be expected."""
