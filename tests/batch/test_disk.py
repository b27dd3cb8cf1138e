"""Hashes follow the bytes however soon they change; a file appears whole or not at all; versions are named."""

import hashlib

from model.batch import disk, origins


def test_a_hash_follows_a_change_of_the_same_length_at_once(tmp_path):
    path = tmp_path / "a.csv"
    for content in (b"1", b"2", b"3"):
        path.write_bytes(content)
        assert disk.digest(path) == hashlib.sha256(content).hexdigest()


def test_a_settled_file_is_read_once_and_again_after_a_change(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(disk, "SETTLED_NS", -(10**18))
    monkeypatch.setattr(disk, "_hash", lambda path, **_: read.append(path) or str(len(read)))
    path = tmp_path / "a.csv"
    path.write_bytes(b"1")
    assert [disk.digest(path), disk.digest(path)] == ["1", "1"]
    path.write_bytes(b"12")
    assert disk.digest(path) == "2"
    assert disk.text_digest(path) == "3"


def test_line_ends_do_not_change_a_texts_hash_but_do_a_files(tmp_path):
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_bytes(b"a,b\n1,2\n")
    two.write_bytes(b"a,b\r\n1,2\r\n")
    assert disk.text_digest(one) == disk.text_digest(two)
    assert disk.digest(one) != disk.digest(two)


def test_a_package_that_is_not_there_is_said_to_be_missing():
    found = origins.versions(["numpy", "no-such-package"])
    assert found["no-such-package"] == "not installed"
    assert found.keys() == {"python", "numpy", "no-such-package"}
