"""The commands: what one can type stands in `line`; a module here does what was typed, and is loaded only then."""
