"""Reading a case's files: cells, tables, TOML, and the checks that need more than one row. `model.case` uses them."""
