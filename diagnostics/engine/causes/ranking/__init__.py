"""Ranking: from all that is known of a case to what most likely happened, how sure that is, and what speaks against it.

Pure and explainable: each rule looks at one kind of evidence and claims causes with their lines; ``grounds`` declares
how much each kind may count for each cause, and what data the cause needs. The words mean: *certain*, a direct record
decides it alone; *likely*, everything known agrees and nothing speaks against it, but no record names it; *possible*,
else. What stopped this message goes before what would have stopped it, a later record before an earlier one, the
narrower cause before the wider. What is missing is named as missing, never read as a fault.
"""

from diagnostics.engine.causes.ranking.claims import Confidence, Ranked
from diagnostics.engine.causes.ranking.rank import rank

__all__ = ["Confidence", "Ranked", "rank"]
