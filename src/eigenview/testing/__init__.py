"""The contracts as abstract test cases, for built-in members and for your own; they need pytest (`eigenview[test]`)."""

import pkgutil

import lazy_loader
import pytest

# Else a failing assertion would not say what it compared.
pytest.register_assert_rewrite(*(module.name for module in pkgutil.iter_modules(__path__, f"{__name__}.")))

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
