// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Ledger: the two conserved ledgers, money and energy
/// @notice Promises:
/// - money: the sum over all accounts of free and locked money, plus all guarantees, plus all money in transit equals
///   what was deposited and not withdrawn, to the unit, after every call; only deposits and withdrawals touch the
///   token;
/// - free money can be withdrawn at any time; no role can stop that or move anybody's balance;
/// - who may do that is fixed at construction; there is no owner and no role;
/// - money is locked, paid and credited by `Settlement` only, for members who enrolled with a signature; collateral is
///   locked and given back by `ForwardAuction` too, for orders that their owner has signed; `Levels` moves what is in
///   transit, and pays the operators of edges from it;
/// - what an account cannot pay becomes a numbered claim beside the ledger and never makes settlement revert;
/// - energy: postings come in pairs, so the contracted energy of every slot sums to zero over all meters.
///
/// Assumes: the token moves exactly what it is asked to (no fee on transfer, no rebasing); both are checked at deposit.
/// Units: nano-currency (10^-9) and Wh. The token's own unit is converted at deposit and withdrawal only.
interface ILedger {
    /// @param freeNano may be withdrawn
    /// @param lockedNano stands for purchases (or sales at a negative price) that are not settled yet
    struct Account {
        uint128 freeNano;
        uint128 lockedNano;
    }

    /// @notice How the locks of one meter are funded, by owner and supplier.
    /// @param ownNano locked from the owner's free money
    /// @param guaranteeFreeNano guaranteed by the supplier and unused
    /// @param guaranteeLockedNano guaranteed and locked
    /// @param used keeps the word from becoming zero, which would make the next lock dearer
    struct Cover {
        uint64 ownNano;
        uint64 guaranteeFreeNano;
        uint64 guaranteeLockedNano;
        bool used;
    }

    /// @notice What one meter's settled slots move.
    /// @param account owner of the meter in those slots
    /// @param supplier account of the supplier of those slots
    /// @param releaseNano locks that end
    /// @param payNano of these, paid to the neighbours (never more than releaseNano)
    /// @param incomeNano received from the neighbours
    /// @param supplierNano from the supplier (positive) or to it (negative): residual energy and all charges
    /// @param collateralNano collateral of forward orders that ends
    /// @param contractNano from (positive) or to (negative) others for contracted energy; the collateral covers it
    struct Entry {
        uint32 meter;
        address account;
        address supplier;
        uint256 releaseNano;
        uint256 payNano;
        uint256 incomeNano;
        int256 supplierNano;
        uint256 collateralNano;
        int256 contractNano;
    }

    /// @notice What a supplier passes on to the network operator for its customers' imports.
    struct Network {
        address supplier;
        int256 chargeNano;
    }

    /// @notice What a market owes the levels above for a window (negative: what they owe it).
    struct LevelMove {
        bytes32 market;
        int256 nano;
    }

    /// @notice What the operator of an edge gets for what crossed it; or what the whole prices of a level (to its
    /// area's operator) or market (to its fee account) leave over.
    struct LevelCharge {
        address account;
        uint256 nano;
    }

    struct Claim {
        address debtor;
        address creditor;
        uint256 openNano;
    }

    event Deposited(address indexed payer, address indexed account, uint256 amountNano);
    event Withdrawn(address indexed account, address indexed to, uint256 amountNano);
    event GuaranteeGiven(address indexed supplier, address indexed account, uint32 indexed meter, uint256 amountNano);
    event GuaranteeReturned(
        address indexed supplier, address indexed account, uint32 indexed meter, uint256 amountNano
    );
    event Locked(
        address indexed account,
        uint32 indexed meter,
        address supplier,
        uint256 ownNano,
        uint256 guaranteeNano
    );
    event Unlocked(address indexed account, uint32 indexed meter, address supplier, uint256 amountNano);
    event EntrySettled(
        bytes32 indexed market,
        uint32 indexed meter,
        address indexed account,
        address supplier,
        uint256 releaseNano,
        uint256 payNano,
        uint256 incomeNano,
        int256 supplierNano
    );
    /// @notice The forward part of the entry just settled, where it has one.
    event ContractSettled(
        bytes32 indexed market,
        uint32 indexed meter,
        address indexed account,
        uint256 collateralNano,
        int256 contractNano
    );
    event NetworkSettled(bytes32 indexed market, address indexed supplier, address indexed operator, int256 chargeNano);
    event FeesSettled(bytes32 indexed market, address indexed account, uint256 amountNano);
    /// @notice Money in transit went from a market to the levels of its tree, told by their root; negative: back.
    event LevelSettled(bytes32 indexed market, bytes32 indexed tree, int256 nano);
    event LevelCharged(bytes32 indexed tree, address indexed account, uint256 nano);
    event ClaimOpened(uint256 indexed id, address indexed debtor, address indexed creditor, uint256 amountNano);
    event ClaimPaid(uint256 indexed id, uint256 amountNano, uint256 openNano);
    event EnergyPosted(uint32 indexed fromMeter, uint32 indexed toMeter, uint32 indexed slot, uint32 wh);

    error NotSettlement(address caller);
    error NotForward(address caller);
    error NotLevels(address caller);
    error TokenDecimalsNotSupported(uint8 decimals);
    /// @notice The amount is not a whole number of the token's smallest unit.
    error NotRepresentable(uint256 amountNano, uint256 unitNano);
    error TokenTookFee(uint256 expected, uint256 received);
    error NotEnoughFree(address account, uint256 freeNano, uint256 neededNano);
    error NotEnoughGuarantee(uint256 freeNano, uint256 neededNano);
    error AmountTooLarge(uint256 amountNano);
    error ZeroAccount();
    error UnknownClaim(uint256 id);
    error TooMuchContracted(uint32 meter, uint32 slot);
    error PaysMoreThanReleased(uint32 meter);

    /// @notice The contract that may lock and settle.
    function settlement() external view returns (address);

    /// @notice The contract that may lock collateral.
    function forward() external view returns (address);

    /// @notice The contract that may move money in transit between markets.
    function levels() external view returns (address);

    /// @notice Nano-currency per smallest unit of the token.
    function unitNano() external view returns (uint256);

    function accountOf(address account) external view returns (Account memory);

    function coverOf(address account, address supplier, uint32 meter) external view returns (Cover memory);

    /// @notice Money between buyers and sellers of slots that are partly settled, of a market or of a tree (by its root
    /// level); signed, zero when all is settled.
    function transitNano(bytes32 market) external view returns (int256);

    /// @notice Sum of everything held: equals the token balance times `unitNano`, donations aside.
    function heldNano() external view returns (uint256);

    function claim(uint256 id) external view returns (Claim memory);

    function claimCount() external view returns (uint256);

    /// @notice Contracted energy of eight slots, as int32 lanes, lowest lane first; positive = bought.
    function contractedWord(uint32 meter, uint32 window) external view returns (uint256);

    /// @notice Whether the meter has any posting in the given slots (exact or too wide, never too narrow).
    function hasPostings(uint32 meter, uint32 firstSlot, uint32 slots) external view returns (bool);

    /// @notice Pays `amountNano` of the caller's tokens into `account`.
    function deposit(address account, uint256 amountNano) external;

    /// @notice The same with an ERC-2612 permit; a permit that somebody else already used is ignored.
    function depositWithPermit(address account, uint256 amountNano, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Pays out free money of the caller.
    function withdraw(address to, uint256 amountNano) external;

    /// @notice A supplier (the caller) covers purchases of a home that pays by bill.
    function giveGuarantee(address account, uint32 meter, uint256 amountNano) external;

    /// @notice Takes back the part of a guarantee that is not locked.
    function returnGuarantee(address account, uint32 meter, uint256 amountNano) external;

    /// @notice Pays a claim from the debtor's free money, as far as it goes. Anybody may call.
    function payClaim(uint256 id) external returns (uint256 paidNano);

    /// @notice Locks up to `wantedNano`: the owner's free money first, then the guarantee. Settlement only.
    function lockUpTo(address account, address supplier, uint32 meter, uint256 wantedNano)
        external
        returns (uint256 lockedNano);

    /// @notice Releases a lock, to the guarantee first. Settlement only.
    function unlock(address account, address supplier, uint32 meter, uint256 amountNano) external;

    /// @notice Locks (above zero) or releases collateral of forward orders. Forward auctions only; an event of theirs
    /// tells.
    /// @return leftNano what is free then; below zero: so much is missing, and nothing has changed
    function adjustCollateral(address account, int256 deltaNano) external returns (int256 leftNano);

    /// @notice Settles a batch: releases and pays, then suppliers' debits of homes, then their credits, then the
    /// network operator. Settlement only; cannot revert for want of money.
    function settle(
        bytes32 market,
        address operator,
        address feeAccount,
        uint256 feesNano,
        Entry[] calldata entries,
        Network[] calldata networks
    ) external;

    /// @notice Moves money in transit from markets to a tree and pays charges from that. It may stand below zero in
    /// between: what is still to be paid is locked already, and when all is settled nothing is left. Levels only.
    function settleLevels(bytes32 tree, LevelMove[] calldata moves, LevelCharge[] calldata charges) external;

    /// @notice Posts `wh` from one meter to another: a pair, so the slot still sums to zero. Settlement only, for the
    /// stages of a market; later modules post through a stage.
    function postEnergy(uint32 fromMeter, uint32 toMeter, uint32 slot, uint32 wh) external;
}
