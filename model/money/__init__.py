"""Money: both worlds subtracted, cashable or avoided, discounted, and which purse pays."""
