"""The invest-to-save model: children in care, schemes that act on them, and the money that follows."""
