"""The batch: many scenario reports, in parallel, resumable and safe to kill.

``engine``    papermill engine that runs a notebook's cells inside a warm process
``guard``     puts a process back as it was between two notebooks
``render``    parameters checked, papermill, then HTML
``store``     what is on disk: whole folders or nothing, fresh or stale, one run at a time
``jobs``      worker processes, time limits, deaths, interruption
``progress``  a bar for people, lines of JSON for machines

Nothing here knows the model: a job names an importable function and the folder its files go to.
Importing this package costs nothing; papermill, nbconvert and matplotlib are imported by the workers.
"""
