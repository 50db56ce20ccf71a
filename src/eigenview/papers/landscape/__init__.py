"""On rotational symmetry in the loss landscape of self-supervised learning (Ziyin et al.)."""
