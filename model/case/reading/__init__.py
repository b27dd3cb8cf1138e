"""From files to rows to records, or every problem at once: cells, tables, TOML, and what needs more than one row."""
