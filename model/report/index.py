"""placeholder"""


def write_index(case_outputs): ...
