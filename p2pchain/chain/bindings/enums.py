"""The contracts' enumerations.

Written by `p2pchain dev build`; do not edit."""

from enum import IntEnum


class Action(IntEnum):
    PLACE = 0
    AMEND = 1
    CANCEL = 2


class Cause(IntEnum):
    SWITCH = 0
    COOLING_OFF = 1
    ERRONEOUS_TRANSFER = 2
    SUPPLIER_FAILED = 3
    TENANCY = 4


class ClaimStage(IntEnum):
    NONE = 0
    CLAIMED = 1
    DENIED = 2
    DISMISSED = 3
    AGREED = 4
    RETURNED = 5


class Clock(IntEnum):
    SWITCH = 0
    FINAL_BILL = 1
    REFUND = 2
    ERRONEOUS_TRANSFER = 3
    ANSWER = 4
    RETURN_SUPPLY = 5
    COMPENSATION = 6


class CustomerClass(IntEnum):
    DOMESTIC = 0
    MICRO_BUSINESS = 1
    BUSINESS = 2


class EstimateRule(IntEnum):
    NONE = 0
    SPREAD = 1
    WEEK_BEFORE = 2


class Fuel(IntEnum):
    ELECTRICITY = 0
    GAS = 1


class Gate(IntEnum):
    WINDOW = 0
    DAY = 1


class IForwardAuctionPhase(IntEnum):
    ABSENT = 0
    OPEN = 1
    CLEARING = 2
    RATIONING = 3
    AWAITING = 4
    ADOPTING = 5
    CLEARED = 6
    SETTLED = 7


class IForwardAuctionRefusal(IntEnum):
    NONE = 0
    UNKNOWN_AUCTION = 1
    PAUSED = 2
    NOT_A_MEMBER = 3
    BAD_SIGNATURE = 4
    OLD_SEQUENCE = 5
    BAD_FORMAT = 6
    AFTER_GATE = 7
    TOO_EARLY = 8
    FIRM_PERIOD = 9
    ORDER_EXISTS = 10
    NO_ORDER = 11
    OFF_TICK = 12
    BAD_VOLUME = 13
    RING_FULL = 14
    TOO_LITTLE_MONEY = 15


class IMarketsRefusal(IntEnum):
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
    NO_AGREEMENT = 13
    NOT_ELECTRICITY = 14


class ISettlementPhase(IntEnum):
    ABSENT = 0
    OPEN = 1
    CLEARING = 2
    AWAITING = 3
    CLEARED = 4
    SETTLED = 5


class LevelPhase(IntEnum):
    ABSENT = 0
    CLEARING = 1
    CLEARED = 2
    SHARED = 3


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
    FORWARD_NOT_CLEARED = 17
    SETTLE_FIRST = 18
    FINAL = 19


class PriceRule(IntEnum):
    REFERENCE = 0
    SDR = 1


class Quality(IntEnum):
    MEASURED = 0
    ESTIMATED = 1
    CORRECTED = 2


class Reason(IntEnum):
    DEBT = 0
    CONTRACT_TERMS = 1
    ERRONEOUS_TRANSFER = 2
    CUSTOMER_REQUEST = 3
    RELATED_POINTS = 4


class Source(IntEnum):
    NONE = 0
    ESTIMATED = 1
    CUSTOMER = 2
    AGREED = 3
    MEASURED = 4


class State(IntEnum):
    NONE = 0
    CONTRACTED = 1
    PENDING = 2
    OBJECTED = 3
    CONFIRMED = 4
    SECURED = 5
    ACTIVE = 6
    LAPSED = 7
    WITHDRAWN = 8
    CANCELLED = 9
    UPHELD = 10
    COOLED_OFF = 11
    REVERSED = 12


class Status(IntEnum):
    NEW = 0
    ENERGISED = 1
    DE_ENERGISED = 2
    DISCONNECTED = 3
