"""Toward a geometrical understanding of self-supervised contrastive learning (Cosentino et al.)."""
