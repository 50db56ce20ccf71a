import pytest

from eigenview._files import atomic_write, write_text


def test_a_file_is_replaced_whole(tmp_path):
    file = tmp_path / "page.html"
    write_text(file, "old")
    with atomic_write(file) as temporary:
        temporary.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    file = tmp_path / "page.html"
    write_text(file, "old")

    def fill_the_disk() -> None:
        with atomic_write(file) as temporary:
            temporary.write_text("half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
