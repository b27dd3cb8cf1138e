"""Demand: where a council's caseload comes from (published tables, SSDA903 returns) and what it will be."""
