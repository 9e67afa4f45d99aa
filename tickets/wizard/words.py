"""The choices of the steps, in the vendor's words where it has them: value and what people read."""

from __future__ import annotations

#: Answers to "Do you see a case note and/or message log record?", for what our own records do not show.
OTHER_RECORDS = (
    ("seen", "Yes, I see a case note or a message log record for it in XenDirect"),
    ("not_sent", "No, there is none: the email was not sent"),
    ("error", "No, there is none: there was an error in the process before the email went out"),
    ("unknown", "I cannot tell"),
)
#: The same where what our records knew of the recipient was erased: that none is found says nothing then.
OTHER_RECORDS_OF_ERASED = tuple(
    (value, "No, there is none there either" if value == "not_sent" else words) for value, words in OTHER_RECORDS
)
#: The answer that is offered where the suppression list says it all.
SUPPRESSED = "suppressed"
ADDRESS_WORDS = (
    ("right", "Yes, it is correct"),
    ("wrong", "No, there is a mistake in it"),
    ("not_on_profile", "It is a correct address, but not the one on the client profile"),
    ("unknown", "I cannot tell"),
)
JUNK_WORDS = (
    ("found", "Yes, and it was there"),
    ("not_there", "Yes, and it was not there"),
    ("unknown", "It could not be found out"),
)
#: How far off the time may be, in days.
SPANS = (
    (1, "I know about when: within a day"),
    (3, "Within three days of it"),
    (7, "Within a week of it"),
    (30, "Not sure: within a month"),
)
