import dataclasses

import pytest

from eigenview._errors import UsageError
from eigenview.config import RECIPES, ObjectiveRecipe, Recipe, TrainingRecipe, find_recipe, recipe_for
from eigenview.views import POLICIES
from tests.captioned import write_scenes


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_round_trips_through_yaml(name):
    recipe = find_recipe(name)
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe


def test_what_is_left_out_keeps_its_default():
    recipe = Recipe.from_yaml("training: {P: 32}")
    assert recipe == dataclasses.replace(Recipe(), training=TrainingRecipe(P=32))
    assert Recipe.from_yaml("") == Recipe()


def test_names_stand_for_things_without_options():
    recipe = Recipe.from_yaml("objective: InfoNCE\nencoder: resnet18\nviews: {policy: large}")
    assert recipe.objective == ObjectiveRecipe("InfoNCE")
    assert recipe.encoder.name == "resnet18"
    assert recipe.views.policy == POLICIES["large"]


def test_numbers_that_yaml_reads_as_text_are_numbers():
    assert Recipe.from_yaml("optimizer: {lr: 1e-3, clip: 1}").optimizer.lr == 1e-3


def test_numbers_and_texts_that_look_alike_stay_apart():
    text = "objective: {name: X, options: {a: 1e-1, b: '1e-1', c: -2E3, d: 1e}}"
    recipe = Recipe.from_yaml(text)
    assert recipe.objective.options == {"a": 0.1, "b": "1e-1", "c": -2000.0, "d": "1e"}
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe


def test_on_top_of_a_base_only_what_is_said_differs():
    base = RECIPES["cpu"]()
    recipe = Recipe.from_yaml("encoder: {options: {width: 8}}\nviews: {policy: {noise: 0.1}}", base=base)
    policy = dataclasses.replace(base.views.policy, noise=0.1)
    encoder = dataclasses.replace(base.encoder, options={"width": 8, "stem": "small"})
    assert recipe == dataclasses.replace(base, encoder=encoder, views=dataclasses.replace(base.views, policy=policy))
    assert Recipe.from_yaml("encoder: {name: convnet}", base=base).encoder.options == {}
    assert Recipe.from_yaml("", base=base) == base


def test_options_keep_their_types():
    options = Recipe.from_yaml("objective: {name: X, options: {a: 1, b: 0.5, c: true, d: text}}").objective.options
    assert options == {"a": 1, "b": 0.5, "c": True, "d": "text"}
    assert [type(value) for value in options.values()] == [int, float, bool, str]


def test_options_hold_lists_and_the_options_of_a_part():
    options = {"hidden": [8, 4], "estimator": {"name": "LogDet", "beta": 0.1}}
    recipe = dataclasses.replace(Recipe(), objective=ObjectiveRecipe("X", options))
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trainign: {P: 32}", "unknown key 'trainign': did you mean 'training'?"),
        ("training: {p_size: 32}", "unknown key 'training.p_size'"),
        ("training: {P: many}", "training.P must be an integer, not 'many'"),
        ("training: {P: 2.5}", "training.P must be an integer, not 2.5"),
        ("training: {P: true}", "training.P must be an integer, not True"),
        ("training: {P: 0}", "training.P must be at least 1, not 0"),
        ("training: {compile: 1}", "training.compile must be true or false, not 1"),
        ("training: 3", "training must be a mapping of keys to values, not 3"),
        ("optimizer: {name: sdg}", "optimizer.name is 'sdg': did you mean 'sgd'?"),
        ("optimizer: {clip: a}", "optimizer.clip must be a number, not 'a' (or null)"),
        ("optimizer: {lr: .nan}", "optimizer.lr must be a positive number, not nan"),
        ("data: {size: 3}", "data.size must be at least 4 pixels, not 3"),
        ("data: {train: null}", "data.train must be text, not null"),
        ("projector: {hidden: 12}", "projector.hidden must be a list, not 12"),
        ("projector: {hidden: [12, x]}", "projector.hidden[1] must be an integer, not 'x'"),
        ("views: {policy: lage}", "unknown view policy 'lage': did you mean 'large'?"),
        ("views: {policy: {crop: [1]}}", "views.policy.crop must be 2 values, not 1"),
        ("views: {policy: {hue: 2}}", "hue must be a number between 0 and 0.5, not 2"),
        ("objective: {options: {a: [[1]]}}", "objective.options.a must be"),
        ("objective: {options: {a: {b: {c: 1}}}}", "objective.options.a must be"),
        ("teacher: {momentum: 1.5}", "teacher.momentum must be in [0, 1], not 1.5"),
        ("a: [", "mine.yaml is not YAML"),
        ("- 1", "a recipe must be a mapping"),
    ],
)
def test_a_mistake_is_told_in_one_line(text, said):
    with pytest.raises(UsageError) as error:
        Recipe.from_yaml(text, source="mine.yaml")
    assert said in str(error.value)
    assert str(error.value).startswith("mine.yaml")
    assert "\n" not in str(error.value)


def test_recipes_are_found_by_name_and_by_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("training: {steps: 7}")
    assert find_recipe(str(file)).training.steps == 7
    with pytest.raises(UsageError, match="did you mean 'digits'"):
        find_recipe("digit")
    with pytest.raises(UsageError, match="cannot read"):
        find_recipe(str(tmp_path / "none.yaml"))


class TestPairs:
    def test_a_caption_goes_with_one_view(self):
        words = r"image–text pairs use one view: views\.K must be 1, not 2; or omit data\.captions"
        with pytest.raises(UsageError, match=words):
            Recipe.from_yaml("data: {captions: auto}").check_pairs()
        assert Recipe.from_yaml("data: {captions: auto}\nviews: {K: 1}").of_pairs
        assert not Recipe().of_pairs

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("projector: {D: 0}", "projector.D must not be 0"),
            ("teacher: {momentum: 0.9}", "omit teacher.momentum"),
            ("text: {vocabulary: 100}", "text.vocabulary must be at least 259 (every byte), not 100"),
            ("text: {context: 2}", "text.context must be at least 3, not 2"),
            ("text: {depth: 0}", "text.depth must be at least 1, not 0"),
            ("text: {heads: 3}", "text.heads = 3 must divide text.width = 128"),
            ("text: {prompt: a photo}", "text.prompt must contain {} exactly once, not 'a photo'"),
        ],
    )
    def test_what_towers_cannot_be(self, text, words):
        with pytest.raises(UsageError) as error:
            Recipe.from_yaml(text, base=RECIPES["captions"]()).check_pairs()
        assert words in str(error.value)

    def test_a_file_is_on_top_of_the_recipe_that_its_captions_get(self, tmp_path):
        table = write_scenes(tmp_path / "x.parquet", 1)
        plain, alone, named = (tmp_path / f"{name}.yaml" for name in ("plain", "alone", "named"))
        plain.write_text(f"data: {{train: {table}}}")
        alone.write_text(f"data: {{train: {table}, captions: null}}\nviews: {{K: 3}}")
        named.write_text("data: {train: hf:some/where, captions: title}")
        assert find_recipe(str(plain)).of_pairs
        assert find_recipe(str(plain)).text == RECIPES["captions"]().text
        assert not find_recipe(str(plain), pairs=False).of_pairs
        assert not find_recipe(str(alone)).of_pairs
        assert find_recipe(str(alone)).encoder == RECIPES["cpu"]().encoder
        assert find_recipe(str(named)).objective == ObjectiveRecipe("CLIP")
        assert find_recipe(str(named)).data.captions == "title"

    def test_captioned_tables_get_theirs_and_folders_do_not(self, tmp_path):
        assert recipe_for(write_scenes(tmp_path / "x.parquet", 1)) == RECIPES["captions"]()
        assert recipe_for(str(tmp_path / "x.parquet"), pairs=False) == RECIPES["cpu"]()
        assert recipe_for(str(tmp_path)) == RECIPES["captions"]()
        assert recipe_for("nowhere") == RECIPES["cpu"]()
