"""A case: what a council states, as frozen records, with its units, months and draws."""
