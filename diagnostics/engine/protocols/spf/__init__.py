"""SPF (RFC 7208): which servers may send in a domain's name. Its grammar, its macros and its evaluation."""

from __future__ import annotations

from diagnostics.engine.protocols.spf.cost import Cost, cost_of
from diagnostics.engine.protocols.spf.edit import merged, terms_for, with_terms
from diagnostics.engine.protocols.spf.evaluate import check_host, in_dns_form
from diagnostics.engine.protocols.spf.parse import (
    Mechanism,
    Modifier,
    RecordProblem,
    SPFRecord,
    parse_record,
    select_records,
)
from diagnostics.engine.protocols.spf.trace import (
    MAX_LOOKUPS,
    MAX_VOIDS,
    Budget,
    Evaluation,
    Outcome,
    Result,
    Step,
    Trace,
)

__all__ = [
    "MAX_LOOKUPS",
    "MAX_VOIDS",
    "Budget",
    "Cost",
    "Evaluation",
    "Mechanism",
    "Modifier",
    "Outcome",
    "RecordProblem",
    "Result",
    "SPFRecord",
    "Step",
    "Trace",
    "check_host",
    "cost_of",
    "in_dns_form",
    "merged",
    "parse_record",
    "select_records",
    "terms_for",
    "with_terms",
]
