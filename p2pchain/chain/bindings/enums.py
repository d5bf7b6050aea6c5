"""The contracts' enumerations.

Written by `p2pchain dev build`; do not edit."""

from enum import IntEnum


class Outcome(IntEnum):
    ACCEPTED = 0
    UNKNOWN_METER = 1
    READ_THROUGH_SETTLEMENT = 2
    NOT_A_MEMBER = 3
    BAD_FORMAT = 4
    BEFORE_REGISTRATION = 5
    FUTURE_SLOT = 6
    SPLIT_AT_CHANGE = 7
    BAD_SIGNATURE = 8
    KEY_REVOKED = 9
    ABOVE_FUSE = 10
    ALREADY_POSTED = 11
    REGISTER_FELL = 12
    REGISTERS_DO_NOT_JOIN = 13
    TOO_MANY_GAPS = 14
    NOT_BILLING_GRADE = 15
    NO_TARIFF = 16


class Phase(IntEnum):
    ABSENT = 0
    OPEN = 1
    CLEARING = 2
    CLEARED = 3
    SETTLED = 4


class PriceRule(IntEnum):
    REFERENCE = 0
    SDR = 1


class Quality(IntEnum):
    MEASURED = 0
    ESTIMATED = 1


class Refusal(IntEnum):
    NONE = 0
    UNKNOWN_MARKET = 1
    UNKNOWN_METER = 2
    OTHER_AREA = 3
    ALREADY_ENROLLED = 4
    NOT_A_MEMBER = 5
    TOO_LATE = 6
    OLD_SEQUENCE = 7
    BAD_FORMAT = 8
    BAD_SIGNATURE = 9
    NOT_BILLING_GRADE = 10
    PAUSED = 11
    MARKET_FULL = 12
