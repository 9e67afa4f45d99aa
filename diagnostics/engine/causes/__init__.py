"""Why an e-mail did not arrive: the taxonomy, and the ranking of one case among it."""

from diagnostics.engine.causes.case import (
    Case,
    DeferralFact,
    DeliveryFact,
    ErrorFact,
    FindingFact,
    Suppressed,
    TraceFact,
)
from diagnostics.engine.causes.catalogue import CAUSES, Cause
from diagnostics.engine.causes.ranking import Confidence, Ranked, rank

__all__ = [
    "CAUSES",
    "Case",
    "Cause",
    "Confidence",
    "DeferralFact",
    "DeliveryFact",
    "ErrorFact",
    "FindingFact",
    "Ranked",
    "Suppressed",
    "TraceFact",
    "rank",
]
