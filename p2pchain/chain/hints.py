"""What to do about a refusal, by the name of the contract's error; one sentence each."""

from __future__ import annotations

_REPORT = "this is a fault of the program or the deployment: please report it"
_DELAY = "the account's role has a delay: announce the call with the AccessManager, then wait"

HINTS: dict[str, str] = {
    "AboveFuse": "a slot has more energy than the meter's fuse lets through: check the unit (Wh "
    "or kWh)",
    "AbovePending": "'p2pchain level share' shares the level above first",
    "AccessManagedInvalidAuthority": _REPORT,
    "AccessManagedRequiredDelay": _DELAY,
    "AccessManagedUnauthorized": "the account lacks the role: 'p2pchain admin roles list' shows "
    "who has it",
    "AccessManagerAlreadyScheduled": "it is announced already: wait for its time",
    "AccessManagerBadConfirmation": "a role is given up by the account that holds it",
    "AccessManagerExpired": "it was announced too long ago: announce it again",
    "AccessManagerInvalidInitialAdmin": "name an account as administrator",
    "AccessManagerLockedFunction": "this function's role cannot be changed",
    "AccessManagerLockedRole": "this role cannot be changed: ADMIN and PUBLIC stay as they are",
    "AccessManagerNotReady": "its delay is not over yet",
    "AccessManagerNotScheduled": _DELAY,
    "AccessManagerUnauthorizedAccount": "only ADMIN gives and takes roles: 'p2pchain admin roles "
    "list' shows who that is",
    "AccessManagerUnauthorizedCall": "the account lacks the role: 'p2pchain admin roles list' "
    "shows who has it",
    "AccessManagerUnauthorizedCancel": "only its caller or a guardian of the role may cancel it",
    "AccessManagerUnauthorizedConsume": _REPORT,
    "AddressEmptyCode": "there is no contract at that address: check it, and the network",
    "AddressInsufficientBalance": "the account has too little of the chain's own coin",
    "AlreadyAttached": "a market or level belongs to one level, for ever: 'p2pchain admin "
    "level list'",
    "AlreadyBound": "this happens once, at deployment",
    "AlreadyEnrolled": "a meter is in one market at a time",
    "AlreadyEstimated": "a slot is estimated once; its reading, when it comes, takes the "
    "estimate's place",
    "AlreadyRead": "only what is missing is estimated: 'p2pchain meter status' lists the gaps",
    "AmountTooLarge": "no currency has that much: check the figure and its unit",
    "AreaTaken": "one market or level stands for an area: 'p2pchain admin level list'",
    "AuctionExists": "an auction with these rules exists: 'p2pchain admin auction create' notes it",
    "AuctionsDiffer": "gate and lot are those of the level: 'p2pchain auctions', 'p2pchain admin "
    "level list'",
    "BadFormat": "name consecutive slots of one UTC day",
    "BadParameter": "the rules do not fit each other: 'p2pchain admin market create --help', or "
    "'admin auction create --help'",
    "BadRange": "a signal is for one slot at least and a day at most",
    "BadSignature": "sign with the meter's present key: 'p2pchain meter status' shows its address",
    "BadSigner": "a key is an address of 20 bytes, or a longer ERC-7913 signer",
    "BeforeFirstStanding": "'p2pchain point show' lists from when on something holds",
    "BeforeRegistration": "the meter was registered for a later slot: 'p2pchain meter status'",
    "CannotBeRelated": "they go together already, or are the same",
    "ChildPending": "wait for what is below, or until --collect-within has passed: 'p2pchain "
    "level status'",
    "ConsentHasEnded": "name a time that is still to come",
    "ConsentIsEmpty": "the first slot lies before the last",
    "ConsentSuperseded": "sign it again, with the next sequence number",
    "ECDSAInvalidSignature": "the signature is not of this message: sign it again",
    "ECDSAInvalidSignatureLength": "a signature has 65 bytes: sign it again",
    "ECDSAInvalidSignatureS": "the signature is not in its canonical form: sign it again",
    "ERC20InsufficientAllowance": "allow the ledger to take the amount, or use the permit",
    "ERC20InsufficientBalance": "the account holds too few tokens",
    "ERC20InvalidApprover": _REPORT,
    "ERC20InvalidReceiver": "the token does not take this receiver: name another account",
    "ERC20InvalidSender": _REPORT,
    "ERC20InvalidSpender": _REPORT,
    "ERC2612ExpiredSignature": "the permit has expired: sign a new one",
    "ERC2612InvalidSigner": "the permit is signed by another account: run the command again",
    "EmptyRow": "a tariff of zeros only would look like none: give at least one price",
    "EnforcedPause": "new messages are stopped by the guardian; withdrawals are not",
    "ExchangeRefused": "the registers or signatures of the exchange do not fit: 'p2pchain meter "
    "status' shows what the chain knows",
    "FailedCall": "a contract that was called refused without a reason",
    "Final": "the last run of settlement is over for these slots: nothing changes them any more",
    "ForwardNotCleared": "orders for this window come first: 'p2pchain clear --forward'",
    "GasCapExceeded": "make the batch smaller: fewer meters or slots in one transaction",
    "GateOpen": "orders are still taken: 'p2pchain auctions' shows when the gate closes",
    "HeldAtWorst": "the slot has contracts: it waits for its reading, which can still be posted",
    "InsufficientBalance": "the account has too little of the chain's own coin",
    "InvalidAccountNonce": "the permit was used already: run the command again",
    "InvalidShortString": _REPORT,
    "LaterChangePending": "a change for a later slot is registered already: name that slot or one "
    "after it",
    "LaterStandingPending": "name the slot of that change, or a later one",
    "LaterVersionPending": "a tariff for a later slot is published already: name that slot or one "
    "after it",
    "LevelExists": "a level with these rules exists: 'p2pchain admin level list'",
    "LevelsPending": "'p2pchain level clear' and 'p2pchain level share' come first",
    "MarketExists": "a market with these rules exists: 'p2pchain admin market create' notes it",
    "MeterOfAnotherPoint": "a meter is registered for the point's number, with the key that has "
    "registered the point",
    "MoreThanPosted": "a stage cannot take more than was posted",
    "NoBoundary": "the registrar names a boundary meter that is in no market",
    "NoCustomer": "somebody has to move in",
    "NoEstimate": "there are neither registers on both sides nor a reading a week before: it "
    "stays missing",
    "NoNetworkOperator": "name the account of who runs the network",
    "NoReason": "the address may not be the contract's, or the node keeps the reason to itself",
    "NoTariff": "the supplier has published none for this slot: 'p2pchain admin tariff publish', "
    "before the slot begins",
    "NotAChild": "the parent of an area is fixed when it is added: 'p2pchain admin area list'",
    "NotAMember": "'p2pchain enrol' makes a meter a member; --market names another market",
    "NotAreaOperator": "only the operator of the area may: 'p2pchain admin area list' shows "
    "who that is",
    "NotAtWindow": "name the first slot of a window of eight",
    "NotBillingGrade": "the meter may not move money: 'p2pchain admin meter terms --billing-grade'",
    "NotComplete": "every member and the boundary meter must have been read in all slots of the "
    "day",
    "NotDelivered": "a window is eight slots, and the last of them is not over yet",
    "NotEnoughFree": "'p2pchain balance' shows what is free; locked money becomes free when its "
    "slots are settled",
    "NotEnoughGuarantee": "only what is not locked can be taken back: 'p2pchain balance'",
    "NotForward": _REPORT,
    "NotForwardLevels": "only the contract ForwardLevels calls this",
    "NotLevels": "only the contract Levels calls this",
    "NotMarkets": _REPORT,
    "NotOfRecord": "'p2pchain point show' says who stands for the point, from which slot on",
    "NotOwner": "only the meter's present owner may do that: 'p2pchain meter status' shows him",
    "NotPassedOver": "the level above may still be cleared, or was: 'p2pchain level status'",
    "NotRead": "only what was read is corrected; what is missing can still be posted",
    "NotReady": "'p2pchain slot TIME' shows who has not posted, and until when is waited",
    "NotRegistry": _REPORT,
    "NotRepresentable": "the token has fewer decimals: give a rounder amount",
    "NotSettled": "'p2pchain settle --clear' settles the window; 'p2pchain slot TIME' shows where "
    "it stands",
    "NotSettlement": _REPORT,
    "NotSignedByCustomer": "whoever it binds signs exactly what is handed in",
    "NotSignedByOperator": "only the operator of the area may sign: 'p2pchain admin area list' "
    "shows who that is",
    "NotStage": _REPORT,
    "NotSupplier": "only the supplier's own account may do that: 'p2pchain admin supplier list'",
    "NothingToDo": "it has been done already: 'p2pchain slot TIME' shows where it stands",
    "OpenOrders": "the owner cancels this order first, or it is settled first: 'p2pchain orders'",
    "OrderRefused": "'p2pchain auctions' shows gates, ticks and lots, 'p2pchain orders' what "
    "stands",
    "OutOfGas": "give more gas, or leave it to the estimate",
    "Panicked": "this is a fault of the contract: please report it with the transaction",
    "PassedOver": "it was not cleared in time: what is below goes on without it, 'p2pchain settle'",
    "PaysMoreThanReleased": _REPORT,
    "PointExists": "'p2pchain point show' shows it",
    "PointIsDisconnected": "a supply that begins anew has a point of its own",
    "ReadThroughSettlement": "the meter is in a market and is corrected through it: name it with "
    "--market",
    "ReentrancyGuardReentrantCall": _REPORT,
    "Reverted": "the contract says why itself",
    "RingFull": "an older window must be settled first: 'p2pchain settle --clear', or "
    "'p2pchain clear --void' where nobody cleared it in time",
    "RowsNotOneOrTwentyFour": "a tariff has one row, or 24 by hour of the UTC day",
    "SafeCastOverflowedIntDowncast": "a figure is too large: check it and its unit",
    "SafeCastOverflowedIntToUint": "a figure is too large: check it and its unit",
    "SafeCastOverflowedUintDowncast": "a figure is too large: check it and its unit",
    "SafeCastOverflowedUintToInt": "a figure is too large: check it and its unit",
    "SafeERC20FailedOperation": "the token refused: check balance and allowance",
    "SequenceUsed": "name a higher number: this one has been used",
    "SlotHasBegun": "name a later slot: what has begun is not changed any more",
    "SlotSecondsNotSupported": "a slot has 900, 1800 or 3600 seconds",
    "SplitAtChange": "the meter's terms change within these slots: name those before and after it "
    "apart",
    "StagePending": "another part of the market works on this window first: try later",
    "StandingHasBegun": "name a slot that is still to come",
    "StringTooLong": "give it a shorter name",
    "TicksDiffer": "all markets and levels of a tree have the same --tick and --floor",
    "TokenDecimalsNotSupported": "a token with at most 27 decimals is needed",
    "TokenTookFee": "a token that keeps a part of each transfer cannot be used",
    "TooDeep": "there are eight edges between a market and its root at most",
    "TooEarlyToVoid": "a window is given up only when nobody has cleared it in time",
    "TooManyAuctions": "a market has three forward auctions at most: 'p2pchain auctions'",
    "TooManyLadders": "hand in the ladders of the children that are left: 'p2pchain level "
    "clear' does",
    "TooMuchContracted": "the contracted energy of this slot would be beyond what is possible",
    "UnknownArea": "'p2pchain admin area list' shows the areas",
    "UnknownAuction": "'p2pchain auctions' shows the auctions of a market",
    "UnknownClaim": "'p2pchain balance' shows the open claims",
    "UnknownError": "the contract is not of this version: check the address and the deployment",
    "UnknownLevel": "'p2pchain admin level list' shows the levels",
    "UnknownMarket": "'p2pchain admin market list' shows the markets",
    "UnknownMeter": "'p2pchain meter status' lists the meters",
    "UnknownNode": "'p2pchain admin market list' shows the markets, 'admin level list' the levels",
    "UnknownPoint": "points are numbered from 1, in the order in which they were registered",
    "UnknownSupplier": "'p2pchain admin supplier list' shows the suppliers",
    "WindowHasBegun": "name a later time: it counts from a window that has not begun",
    "WindowsDiffer": "settle these windows one by one",
    "WrongCursor": "somebody has added up a part already: go on behind it",
    "WrongEvidence": "bring all records of that meter and day, in the order in which they were "
    "taken",
    "WrongLadder": "hand in what the child has sent: the event Sent has it, 'p2pchain level "
    "clear' finds it",
    "WrongLevelPhase": "'p2pchain level status' shows how far the window is",
    "WrongNumber": "corrections of a meter and day are numbered from 1: sign it again with the "
    "next number",
    "WrongOffers": "something was posted meanwhile, or the node's log has gaps: 'p2pchain clear' "
    "and 'settle' hand in what the log has now",
    "WrongPhase": "'p2pchain slot TIME' shows where the window stands",
    "WrongProof": "the evidence is not of the call that settled these slots: build it again from "
    "the log",
    "ZeroAccount": "an account is missing: the address of zeros belongs to nobody",
}
