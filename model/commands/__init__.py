"""The commands: arguments in, one call each.

A module here has `add_arguments`, which declares the words of its command, and is cheap to import: what the command
needs it imports when it runs.
"""
