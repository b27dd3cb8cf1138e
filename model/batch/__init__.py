"""The batch: many notebooks on real kernels, a process each, in parallel, resumable and safe to kill.

``provisioner``  kernels that start warm: forks of one process that has imported what they use
``kernels``      one job on one kernel, by papermill and nbclient; ``inside`` is its part in the kernel
``render``       parameters checked, the notebook executed, then HTML
``making``       many jobs at once: time limits, deaths, interruption
``jobs``         what is to be made, and what became of it; ``job`` holds the records
``store``        what is on disk: whole folders or nothing, fresh or stale, one run at a time
``progress``     a bar for people, lines of JSON for machines

Nothing here knows the model: a job names an importable function and the folder its files go to.
Importing this package costs nothing; papermill and nbconvert are imported when there is something to make.
"""
