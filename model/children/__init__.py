"""Children in care, month by month: where they start, how they move, and worlds of them on the same draws."""
