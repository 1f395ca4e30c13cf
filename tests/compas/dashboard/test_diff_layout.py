"""A diff is laid out by file, whole and folded, with the words marked that differ."""

from hypothesis import given
from hypothesis import strategies as st

from compas.dashboard.diff_layout import changed_words, files_of, laid_out
from compas.dashboard.lines import width_of

DIFF = """\
diff --git a/old name.py b/new name.py
similarity index 90%
rename from old name.py
rename to new name.py
--- a/old name.py
+++ b/new name.py
@@ -1,3 +1,3 @@
 def add(a, b):
-    return a - b
+    return a + b
 # end
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-bye
diff --git a/pic.png b/pic.png
new file mode 100644
Binary files /dev/null and b/pic.png differ
"""


def test_files_are_told_apart_with_what_is_said_of_each() -> None:
    renamed, gone, binary = files_of(DIFF)
    assert (renamed.path, renamed.added, renamed.deleted) == ("new name.py", 1, 1)
    assert renamed.notes == ("similarity index 90%", "rename from old name.py", "rename to new name.py")
    assert (gone.path, gone.added, gone.deleted) == ("gone.txt", 0, 1)
    assert (binary.path, binary.lines) == ("pic.png", ())
    assert binary.notes[-1] == "Binary files /dev/null and b/pic.png differ"
    assert files_of("") == []


def test_a_folded_file_is_one_line_and_each_begins_where_it_is_said() -> None:
    lines, starts = laid_out(files_of(DIFF), {"new name.py"}, "gone.txt", 60)
    assert [line.text for line in lines] == [
        " ▸ new name.py  +1 -1",
        "",
        "▌▾ gone.txt  +0 -1",
        "deleted file mode 100644",
        "@@ -1 +0,0 @@",
        "-bye",
        "",
        " ▾ pic.png  +0 -0",
        "new file mode 100644",
        "Binary files /dev/null and b/pic.png differ",
    ]
    assert starts == {"new name.py": 0, "gone.txt": 2, "pic.png": 7}


def test_the_words_that_differ_are_marked_in_both_lines() -> None:
    lines, _ = laid_out(files_of(DIFF), (), "", 60)
    marked = {segment for line in lines for segment in line.segments if segment[0].startswith("word")}
    assert marked == {("word gone", "-"), ("word added", "+")}


def test_lines_that_have_nothing_in_common_are_not_marked() -> None:
    assert changed_words("-one", "+two") == ((0, 0), (0, 0))
    assert changed_words("-" + "x " * 300, "+" + "x " * 299 + "y") == ((0, 0), (0, 0))
    assert changed_words("-a b c", "+a c") == ((3, 5), (3, 3))


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_part_that_differs_is_all_that_differs(before: str, after: str) -> None:
    ours, theirs = changed_words(f"-{before}", f"+{after}")
    if ours != (0, 0) or theirs != (0, 0):
        assert before[: ours[0] - 1] == after[: theirs[0] - 1]
        assert before[ours[1] - 1 :] == after[theirs[1] - 1 :]


@given(st.text(max_size=200), st.integers(1, 40))
def test_nothing_is_lost_and_no_line_is_too_wide(body: str, width: int) -> None:
    text = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+" + body.replace("\n", " ")
    lines, _ = laid_out(files_of(text), (), "", width)
    assert all(width_of(line.text) <= max(width, 2) for line in lines)
