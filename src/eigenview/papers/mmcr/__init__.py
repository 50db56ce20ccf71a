"""Maximum manifold capacity representations (Schaeffer et al.)."""
