"""Excel out: the central run as a workbook of live formulas, a row for every array of the Python model."""
