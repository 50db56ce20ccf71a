"""A transform from outside the package, named by an import path, is applied on every path that makes views."""

import textwrap
from dataclasses import replace

import pytest
import torch

from eigenview._errors import UsageError
from eigenview.config import Recipe
from eigenview.views import POLICIES, ViewPolicy, augment, augment_cropped


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of transforms outside the package, and returns a function from their names to import paths."""
    name = f"transforms_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        textwrap.dedent(
            """
            import torch

            def darken(views, generator):
                return views / 2

            def erase(views, generator):
                chosen = torch.rand(len(views), generator=generator) < 0.5
                return views.masked_fill(chosen[:, None, None, None], 0.0)

            def overflow(views, generator):
                return views + 2

            def halve(views, generator):
                return views[:, :, ::2, ::2]

            def widen(views, generator):
                return views.double()

            def forget(views, generator):
                pass
            """
        )
    )
    monkeypatch.syspath_prepend(tmp_path)
    return lambda function: f"{name}:{function}"


def images(P=8, side=12):
    return torch.randint(0, 256, (P, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(7))


def draw(policy, seed=0):
    return augment(images(), policy, 2, torch.Generator().manual_seed(seed))


def with_custom(name, *paths):
    return replace(POLICIES[name], custom=paths)


def test_it_is_applied_last_and_clipped(module):
    plain = draw(POLICIES["large"])
    assert torch.equal(draw(with_custom("large", module("darken"))), plain / 2)
    assert torch.equal(draw(with_custom("large", module("overflow"))), torch.ones_like(plain))


def test_it_is_applied_to_crops(module):
    crops = images().expand(3, -1, -1, -1, -1)
    views = augment_cropped(crops, ViewPolicy(custom=(module("darken"),)), torch.Generator())
    torch.testing.assert_close(views, crops / 255 / 2)


def test_several_are_applied_in_order(module):
    views = draw(ViewPolicy(custom=(module("overflow"), module("darken"))))
    assert torch.equal(views, torch.full_like(views, 0.5))


def test_its_random_numbers_come_from_the_generator(module):
    policy = with_custom("moderate", module("erase"))
    assert torch.equal(draw(policy, seed=1), draw(policy, seed=1))
    erased = [(draw(policy, seed=seed) == 0).flatten(2).all(2) for seed in (1, 2)]
    assert not torch.equal(*erased)
    assert 0 < erased[0].sum() < erased[0].numel()


def test_a_scaled_policy_keeps_it_and_strength_zero_drops_it(module):
    policy = with_custom("moderate", module("darken"))
    assert policy.scaled(0.5).custom == policy.scaled(2.0).custom == policy.custom
    assert policy.scaled(0.0).custom == ()


def test_it_survives_yaml_without_being_imported():
    recipe = Recipe.from_yaml("views: {policy: {custom: [no_such_package.views:cutout]}}")
    assert recipe.views.policy.custom == ("no_such_package.views:cutout",)
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize("path", ["cutout", "my_pkg.views", ":cutout", "my_pkg:", "my-pkg:cutout", "a:b:c", 3])
def test_what_is_not_an_import_path_is_told_in_one_line(path):
    with pytest.raises(UsageError, match=r"^view transform [^\n]* is not an import path: write module:name[^\n]*$"):
        ViewPolicy(custom=(path,))


@pytest.mark.usefixtures("as_users_call")
def test_a_path_alone_is_not_a_list_of_paths():
    with pytest.raises(
        UsageError, match=r"^view policy: custom must be a list of import paths, not 'my_pkg.views:cutout'$"
    ):
        ViewPolicy(custom="my_pkg.views:cutout")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("nosuch", "has no 'nosuch'"),
        ("halve", r"must return views \[16, 3, 12, 12\] of torch.float32, not \[16, 3, 6, 6\] of torch.float32"),
        ("widen", r"must return views \[16, 3, 12, 12\] of torch.float32, not \[16, 3, 12, 12\] of torch.float64"),
        ("forget", "must return a tensor of views, not a NoneType"),
    ],
)
def test_what_does_not_make_views_is_told_in_one_line(module, function, message):
    with pytest.raises(UsageError, match=f"^view transform '[^\n]*{message}$"):
        draw(ViewPolicy(custom=(module(function),)))


def test_a_module_that_is_missing_is_told_in_one_line():
    with pytest.raises(UsageError, match=r"^view transform 'no_such_package:f' cannot be imported: [^\n]*$"):
        draw(ViewPolicy(custom=("no_such_package:f",)))
