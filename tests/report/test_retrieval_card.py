"""The headline of two towers, against numbers written out by hand."""

from eigenview.report import retrieval_caption, retrieval_rows, write_page, zero_shot_words
from eigenview.runs import probe_table
from tests.report.conftest import end_line, history, probe_line, start_line, step_line


def found_line(direction: str, *recall: float, trained_on: bool = False, chance: float = 0.01) -> dict:
    ks = ("R@1", "R@5", "R@10")
    return {
        "kind": "retrieval",
        "step": 600,
        "direction": direction,
        "images": 100,
        "texts": 120,
        "trained_on": trained_on,
        "recall": dict(zip(ks, recall, strict=True)),
        "chance": dict(zip(ks, (chance, 5 * chance, 10 * chance), strict=True)),
    }


ZERO_SHOT = {
    "kind": "zero-shot",
    "step": 600,
    "images": 100,
    "classes": 6,
    "prompt": "a {}",
    "accuracy": 0.713,
    "chance": 1 / 6,
    "majority": 0.48,
}
BOTH = [found_line("text to image", 0.2, 0.4, 0.5), found_line("image to text", 0.25, 0.45, 0.6)]


def test_newest_of_each_way_images_first():
    first, second = retrieval_rows(history(start_line(), found_line("image to text", 0, 0, 0), *BOTH))
    assert first == ("image → text", {"R@1": 0.25, "R@5": 0.45, "R@10": 0.6}, BOTH[1]["chance"])
    assert second.way == "text → image"


def test_no_other_probe_is_taken_for_one():
    lines = [start_line(), probe_line("kNN", "pixels", 0.5), ZERO_SHOT]
    assert retrieval_rows(history(*lines)) == []
    assert retrieval_caption(history(*lines)) == ""
    assert [row.probe for row in probe_table(history(*lines, *BOTH))] == ["kNN"]


def test_only_what_both_ways_have_is_shown():
    first, second = BOTH[0], {**BOTH[1], "recall": {"R@1": 0.3}, "chance": {"R@1": 0.01}}
    assert [list(row.found) for row in retrieval_rows(history(first, second))] == [["R@1"], ["R@1"]]
    assert retrieval_rows(history(first, {**second, "recall": {"R@2": 0.3}, "chance": {"R@2": 0.01}})) == []


def test_words():
    assert zero_shot_words(history(start_line())) is None
    assert zero_shot_words(history(ZERO_SHOT)) == (
        "Zero-shot classification with the prompt 'a {}': 71.3% of images are assigned the right one of 6 classes; a "
        "random class is right for 16.7%, the most frequent class for 48.0%."
    )
    assert retrieval_caption(history(*BOTH)).startswith(
        "Retrieval among 100 images and 120 texts that training never saw."
    )
    lone = {**found_line("image to text", 1, 1, 1), "texts": 1}
    assert retrieval_caption(history(lone)).startswith("Retrieval among 100 images and 1 text that training never saw.")
    assert "that training saw" in retrieval_caption(history(found_line("image to text", 0, 0, 0, trained_on=True)))


def page(make_run, *probes: dict) -> str:
    steps = [step_line(step, cosine={"embeddings": {"views": 0.5, "samples": 0.1}}) for step in range(0, 601, 100)]
    data = {"source": "x.parquet", "train": 500, "captions": 900, "vocabulary": 700}
    return write_page(make_run([start_line(data=data), *steps, *probes, end_line()])).read_text()


def test_the_page_says_how_far_above_chance(make_run):
    text = page(make_run, *BOTH, ZERO_SHOT)
    assert "Images and texts find each other at least 5 times as often as by chance (R@10)" in text
    assert "<td>25.0 <small>1.0</small></td>" in text
    assert "71.3% of images" in text
    assert "900 captions, 700 tokens in the vocabulary" in text
    assert "no labels, so there is nothing to probe" not in text


def test_the_page_says_where_it_is_chance(make_run):
    text = page(make_run, found_line("image to text", 0.01, 0.05, 0.11), found_line("text to image", 0.2, 0.4, 0.5))
    assert "barely more often than by chance (image → text, R@10)" in text


def test_among_few_pairs_it_judges_by_what_chance_leaves_room_for(make_run):
    """Of twelve, ten by chance contain the match in 83%, so that none finds it half as often again."""
    chances = {"R@1": 1 / 12, "R@5": 5 / 12, "R@10": 10 / 12}
    perfect = [{**found_line(way, 1, 1, 1), "chance": chances} for way in ("image to text", "text to image")]
    assert "find each other at least 2.4 times as often as by chance (R@5)" in page(make_run, *perfect)


def test_where_every_match_is_found_by_chance_it_is_chance(make_run):
    lines = [{**line, "chance": dict.fromkeys(line["chance"], 1.0)} for line in (found_line("image to text", 1, 1, 1),)]
    assert "barely more often than by chance (image → text, R@1)" in page(make_run, *lines)


def test_labels_have_a_card_of_their_own(make_run):
    text = page(make_run, *BOTH, probe_line("kNN", "pixels", 0.5), probe_line("kNN", "features", 0.9))
    assert 'id="found"' in text
    assert 'id="worth"' in text
    assert "Features beat raw pixels by 40.0 points (kNN)" in text
