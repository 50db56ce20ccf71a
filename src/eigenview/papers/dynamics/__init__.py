"""Representation learning dynamics of self-supervised models (Esser, Mukherjee, Sabanayagam, Ghoshdastidar)."""
