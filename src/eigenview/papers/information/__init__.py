"""What do we maximize in self-supervised learning (Shwartz-Ziv, Balestriero, LeCun)."""
