"""How anything looks: numbers, tables, charts, SVG and the page around them. Knows nothing of cases."""
