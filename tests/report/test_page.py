"""The page: self-contained, well-formed, honest about what is missing."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from eigenview.report import write_page
from tests.report.conftest import end_line, start_line, step_line, whole_run, write_run

VOID = {"meta", "img", "br", "hr", "link", "input"}
CURVES = [
    "Loss",
    "Loss on its scale",
    "Terms of the loss",
    "Effective rank",
    "Spectrum of features",
    "Spectrum of embeddings",
]
SMALL_CURVES = ["Learning rate", "Gradient norm", "Throughput"]
PICTURES = ["Views", "Nearest neighbours"]


class Page(HTMLParser):
    """What tests ask of a page: its tags, its text, its figures; unbalanced tags are an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.open, self.tags, self.words = html, [], [], []
        self.figures: list[dict] = []
        self.feed(html)
        assert not self.open, f"never closed: {self.open}"
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "figure":
            self.figures.append({"tags": [], "title": "", "caption": "", "missing": ""})
        if "figure" in self.open:
            self.figures[-1]["tags"].append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.words.append(data)
        if "figure" in self.open:
            field = {"h3": "title", "figcaption": "caption", "p": "missing"}.get(self.open[-1])
            if field:
                self.figures[-1][field] += data

    def figure(self, title: str) -> dict:
        (found,) = [figure for figure in self.figures if figure["title"] == title]
        return found

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def heights_of(figure: str, page: Page) -> list[float]:
    """Where the blue curve of a figure runs, in points from the top."""
    (path,) = re.findall(rf'<g id="{figure}-line2d_\d+">\s*<path d="([^"]+)"[^>]*stroke: #0072b2', page.html)[:1]
    return [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path)]


def page_of(run) -> Page:
    path = write_page(run)
    assert path == run / "report.html"
    return Page(path.read_text())


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    """A whole run's page."""
    return page_of(write_run(tmp_path_factory.mktemp("whole") / "run", whole_run()))


class TestWholeRun:
    def test_says_what_was_trained_on_what_for_how_long(self, page):
        assert page.count("h1") == 1
        assert "MMCR on digits" in page.text
        assert "600 of 600 steps, 107 epochs, 38 s, on AMD EPYC, 2 cores" in page.text
        assert "Finished" in page.text
        assert "No alarms" in page.text
        assert "1,437 images" in page.text
        assert "Began 2025-06-15 15:06 UTC" in page.text

    def test_headline_table_has_each_probe(self, page):
        assert "Features beat raw pixels by 24.0 points (1 label a class)" in page.text
        assert "1 label a class 58.0 ± 2.0 82.0 ± 3.1 +24.0" in page.text
        assert "kNN 97.0 ± 2.0 99.6 ± 2.0 +2.6" in page.text

    def test_every_figure_has_a_title_a_drawing_with_alt_text_and_one_sentence(self, page):
        assert [figure["title"] for figure in page.figures] == CURVES + SMALL_CURVES + PICTURES
        for figure in page.figures:
            drawings = [attrs for tag, attrs in figure["tags"] if tag in ("svg", "img")]
            assert len(drawings) == 1
            assert drawings[0].get("alt") or drawings[0].get("aria-label")
            assert re.fullmatch(r"[^.]+\.", figure["caption"]), figure["caption"]
            assert not figure["missing"]

    def test_nothing_is_loaded_from_elsewhere(self, page):
        assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
        for _, attrs in page.tags:
            for name in ("src", "href", "xlink:href", "srcset"):
                assert attrs.get(name, "#").startswith(("#", "data:")), attrs
        assert "@import" not in page.html
        assert all(target.startswith(("#", "data:")) for target in re.findall(r"url\(['\"]?([^)]*)\)", page.html))

    def test_ids_are_unique_and_references_resolve(self, page):
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids))
        assert {*re.findall(r'href="#([^"]+)"', page.html), *re.findall(r"url\(#([^)]+)\)", page.html)} <= set(ids)

    def test_axes_are_named(self, page):
        for name in ("training step", "effective rank (dimensions)", "index of the direction", "images / s"):
            assert name in page.text

    def test_reference_levels_and_terms_are_in_the_legend(self, page):
        for name in ("collapsed: −16", "uniform: −172.1", "best: −181", "centroids", "local"):
            assert name in page.text


def test_same_run_gives_the_same_bytes_and_leaves_no_other_file(make_run):
    run = make_run(whole_run())
    before = {path.name for path in run.iterdir()}
    first = write_page(run).read_bytes()
    assert write_page(run).read_bytes() == first
    assert {path.name for path in run.iterdir()} == before | {"report.html"}


def test_users_matplotlib_settings_neither_matter_nor_change(make_run):
    import matplotlib

    run = make_run(whole_run())
    first = write_page(run).read_bytes()
    with matplotlib.rc_context({"text.usetex": True, "axes.facecolor": "red", "svg.hashsalt": "theirs"}):
        assert write_page(run).read_bytes() == first
        assert matplotlib.rcParams["axes.facecolor"] == "red"


def test_a_figure_draws_the_numbers_it_was_given(make_run):
    """Where the curve runs is an affine function of the loss, and falls on the page as the loss does."""
    losses = [8.0, 5.0, 3.0, 1.5]
    lines = [start_line(reference=None), *(step_line(10 * i, loss=x, terms={}) for i, x in enumerate(losses))]
    heights = heights_of("loss", page_of(make_run(lines)))
    assert np.corrcoef(heights, losses)[0, 1] == pytest.approx(-1, abs=1e-6)  # SVG counts downwards


HOSTILE = "<script>alert(1)</script>&\"'${title}$x"


def test_everything_from_files_is_escaped(make_run):
    data = {"source": HOSTILE, "train": 3, "classes": 2, "size": [8, 8]}
    lines = [
        start_line(objective=HOSTILE, hardware=HOSTILE, data=data, versions={HOSTILE: HOSTILE}, device=HOSTILE),
        *(step_line(i, terms={HOSTILE: 1.0, "b": 2.0}) for i in (0, 10)),
        {"kind": "alarm", "step": 10, "name": HOSTILE, "evidence": HOSTILE, "advice": HOSTILE},
        {"kind": "probe", "step": 10, "input": "pixels", "probe": HOSTILE, "accuracy": 0.5},
        end_line(HOSTILE),
    ]
    run = make_run(lines, recipe=f"name: {HOSTILE}\n")
    (run / "skipped.txt").write_text(f"{HOSTILE}.png\n")
    page = page_of(run)
    assert page.count("script") == 0
    assert page.text.count(HOSTILE) >= 11


def test_recipe_is_shown_verbatim(make_run):
    recipe = "# my   own: ü\nobjective:\n    name: MMCR\n"
    run = make_run(whole_run(), recipe=recipe)
    assert recipe in "".join(page_of(run).words)


def test_alarms_come_first_with_evidence_and_advice(make_run):
    alarm = {"kind": "alarm", "name": "chance-level loss", "evidence": "loss is 3% off", "advice": "lower the rate"}
    lines = [start_line(), step_line(50), {**alarm, "step": 50}, {**alarm, "step": 100, "evidence": "loss is 1% off"}]
    page = page_of(make_run(lines))
    assert "No alarms" not in page.text
    assert page.text.count("chance-level loss") == 1
    assert "2 times, steps 50 to 100 loss is 1% off Try lower the rate." in page.text
    assert page.html.index("chance-level loss") < page.html.index("<table" if "<table" in page.html else "<figure")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "Ended before training began"),
        ([start_line()], "No end record: still running, or killed"),
        ([start_line(), step_line(50), end_line("interrupted", 50)], "Interrupted"),
        ([start_line(), end_line("non-finite", 7)], "a loss or gradient was not finite"),
        # Resumed after an interruption, and not ended since.
        ([start_line(), end_line("interrupted", 50), start_line(resumed_from=50)], "No end record"),
    ],
)
def test_outcome(make_run, lines, words):
    assert words in page_of(make_run(lines)).text


def test_resumed_run_says_so_and_keeps_its_first_start(make_run):
    lines = [start_line(), step_line(50), start_line(resumed_from=50, time=1760000000.0), step_line(100)]
    page = page_of(make_run(lines))
    assert "Resumed from step 50" in page.text
    assert "Began 2025-06-15" in page.text


class TestWhatIsMissing:
    def test_no_metrics_at_all(self, make_run):
        run = make_run([], pictures=False)
        (run / "metrics.jsonl").unlink()
        (run / "recipe.yaml").unlink()
        page = page_of(run)
        assert page.count("h1") == 1
        assert "Run run" in page.text
        assert "recipe.yaml is missing" in page.text
        assert "The run directory has no picture of views." in page.text

    def test_no_step(self, make_run):
        page = page_of(make_run([start_line()]))
        assert "No measurement was recorded" in page.text
        assert "also no measurements" in page.text
        assert [figure["title"] for figure in page.figures] == PICTURES

    def test_one_step_is_drawn_as_a_dot(self, make_run):
        page = page_of(make_run([start_line(), step_line(0)]))
        assert [figure["title"] for figure in page.figures] == CURVES + SMALL_CURVES + PICTURES
        loss = page.figure("Loss")
        assert not loss["missing"]
        assert "use" in {tag for tag, _ in loss["tags"]}  # markers are drawn by <use>

    def test_loss_is_never_finite(self, make_run):
        nothing = {"loss": None, "scale": None, "terms": {"centroids": None}, "gradient_norm": None}
        lines = [start_line(), step_line(0, **nothing), step_line(10, **nothing), end_line("non-finite", 10)]
        page = page_of(make_run(lines))
        assert page.figure("Loss")["missing"] == "No finite loss was recorded."
        assert page.figure("Gradient norm")["missing"]
        assert not page.figure("Effective rank")["missing"]

    def test_loss_becomes_nan(self, make_run):
        lines = [start_line(), step_line(0), step_line(10), step_line(20, loss=float("nan"))]
        page = page_of(make_run(lines))
        (svg,) = [attrs for tag, attrs in page.figure("Loss")["tags"] if tag == "svg"]
        assert svg["aria-label"].endswith("at step 10")

    def test_objective_without_reference(self, make_run):
        page = page_of(make_run([start_line(reference=None), step_line(0, scale=None), step_line(9, scale=None)]))
        assert not page.figure("Loss")["missing"]
        assert "values at collapse and at best" in page.figure("Loss on its scale")["missing"]

    def test_only_some_references_are_known(self, make_run):
        reference = {"collapsed": 6.2, "uniform": None, "best": None}
        assert "collapsed: 6.2" in page_of(make_run([start_line(reference=reference), step_line(0)])).text

    def test_no_labels(self, make_run):
        data = {"source": "photos", "train": 900, "test": None, "skipped": 3, "classes": None, "size": None}
        page = page_of(make_run([start_line(data=data), step_line(0), end_line()]))
        assert "The training images have no labels" in page.text
        assert "3 skipped" in page.text
        assert page.count("table") == 0

    def test_probes_not_reached(self, make_run):
        assert "Probes run at the end" in page_of(make_run([start_line(), step_line(0)])).text

    def test_measurements_of_nothing(self, make_run):
        page = page_of(make_run([{"kind": "step", "step": 1}]))
        assert page.count("h1") == 1
        assert len(page.figures) > 2
        assert all(figure["missing"] for figure in page.figures[:-2])

    def test_lines_that_lack_fields_are_skipped_and_counted(self, make_run):
        page = page_of(make_run([{"kind": "start"}, *whole_run(), {"kind": "step"}, {"kind": "alarm"}, {"x": HOSTILE}]))
        assert (
            "Skipped 4 lines of metrics.jsonl that could not be read (line 1: start lacks time, versions" in page.text
        )
        assert "MMCR on digits" in page.text
        assert "Skipped" not in page_of(make_run(whole_run())).text

    def test_torn_last_line(self, make_run):
        whole = write_page(make_run(whole_run())).read_bytes()
        assert write_page(make_run(whole_run(), torn='{"kind": "step", "st')).read_bytes() == whole

    def test_no_file_was_skipped(self, make_run):
        run = make_run(whole_run())
        (run / "skipped.txt").write_text("")
        assert "did not decode" not in page_of(run).text


def test_skipped_files_are_listed_and_counted(make_run):
    run = make_run(whole_run())
    (run / "skipped.txt").write_text("".join(f"photo-{i}.png\n" for i in range(450)))
    text = page_of(run).text
    assert "450 files were skipped" in text
    assert "photo-199.png … and 250 more" in text
    assert "photo-200.png" not in text


def test_a_long_run_with_large_pictures_stays_small(make_run):
    rng = np.random.default_rng(0)
    lines = [start_line(), *(step_line(i, loss=rng.normal(), spectrum=None) for i in range(5_000))]
    lines += [step_line(5_000 + i) for i in range(100)]
    run = make_run(lines)
    for name in ("views", "neighbours"):
        noise = rng.integers(0, 256, (900, 1200, 3), dtype=np.uint8)
        Image.fromarray(noise).save(run / "pictures" / f"{name}.png")
    page = write_page(run).read_text()
    drawn = len(re.sub(r"data:image/[^\"]*", "", page))
    assert drawn < 400_000
    assert page.count("data:image/jpeg") == 2


def test_extremes_survive_thinning(make_run):
    """One spike among five thousand steps is still the top of the curve."""
    norms = [100.0 if step == 2_777 else 1.0 for step in range(5_000)]
    lines = [{"kind": "step", "step": step, "gradient_norm": norm} for step, norm in enumerate(norms)]
    heights = heights_of("gradient-norm", page_of(make_run(lines)))
    assert len(heights) < 1000
    assert max(heights) - min(heights) > 50


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_opens_from_disk_without_a_console_message(make_run, tmp_path):
    path = write_page(make_run(whole_run()))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += ["--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr"]
    command += ["--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "<h1>MMCR on digits</h1>" in done.stdout
    assert "CONSOLE" not in done.stderr, json.dumps([row for row in done.stderr.splitlines() if "CONSOLE" in row])
