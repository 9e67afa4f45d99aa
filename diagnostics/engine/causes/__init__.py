"""Why an e-mail did not arrive: the taxonomy, and the ranking of one case among it."""

from diagnostics.engine.causes.case import (
    About,
    AnswerFact,
    Case,
    DeferralFact,
    DeliveryFact,
    ErrorFact,
    FindingFact,
    PressureFact,
    ReturnedFact,
    Suppressed,
    TicketFact,
    TraceFact,
)
from diagnostics.engine.causes.catalogue import CAUSES, Arrival, Cause, cause_for
from diagnostics.engine.causes.ranking import Confidence, Ranked, rank
from diagnostics.engine.causes.remedies import Remedy, told_once

__all__ = [
    "CAUSES",
    "About",
    "AnswerFact",
    "Arrival",
    "Case",
    "Cause",
    "Confidence",
    "DeferralFact",
    "DeliveryFact",
    "ErrorFact",
    "FindingFact",
    "PressureFact",
    "Ranked",
    "Remedy",
    "ReturnedFact",
    "Suppressed",
    "TicketFact",
    "TraceFact",
    "cause_for",
    "rank",
    "told_once",
]
