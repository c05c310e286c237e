"""Worlds with known truth: a seeded year of a software company's product, written as a realistic export."""

from fireflower.simulate.demo import project_files, write_project
from fireflower.simulate.simulation import SimulationReport, simulate
from fireflower.simulate.world import Archetype, World

__all__ = ["Archetype", "SimulationReport", "World", "project_files", "simulate", "write_project"]
