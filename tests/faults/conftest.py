"""What the tests of what a fault run expects share."""

import pytest

from tests.faults.living import Life, lived
from tests.faults.world import World


@pytest.fixture(scope="module")
def lives(world: World) -> dict[str, Life]:
    """The households of a module's world, with all of their ticks. Not to be changed."""
    return lived(world, ticks=1)
