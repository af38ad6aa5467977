"""Faults by name: what a hurried or a clever edit does to the policy that ships."""

from tests.workbench.mutants.faults.grants import GRANTS
from tests.workbench.mutants.faults.language import LANGUAGE
from tests.workbench.mutants.faults.restrictions import RESTRICTIONS
from tests.workbench.mutants.faults.standings import STANDINGS

FAULTS = (*STANDINGS, *GRANTS, *RESTRICTIONS, *LANGUAGE)
