"""Somebody's own objective inherits the contract of those that are built in."""

from itertools import combinations

import numpy as np
from my_objective import Frame

from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian, rotation


class TestFrame(ObjectiveTestCase):
    def make(self, D=4):
        return Frame(weight=0.7)

    def expected(self, z):
        z = z / np.linalg.norm(z, axis=-1, keepdims=True)
        alignment = np.mean([(first * second).sum(-1) for first, second in combinations(z, 2)])
        return 0.7 * np.mean([np.square(view @ view.T).mean() for view in z]) - alignment

    def best(self, K, D):
        return rotation(D).repeat(3, 1).expand(K, 3 * D, D)

    def uniform(self, P, D, seed):
        return gaussian(P, D, seed=seed)
