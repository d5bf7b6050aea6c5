// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ILedger} from "./interfaces/ILedger.sol";

/// @title Ledger
/// @notice What it promises, what it assumes and who may call: ILedger.
contract Ledger is ILedger, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeCast for int256;
    using SafeERC20 for IERC20Metadata;

    /// @dev Slots in which a meter has postings lie within; zero: none.
    struct PostingRange {
        uint32 first;
        uint32 last;
    }

    uint256 private constant NANO_DECIMALS = 9;
    /// @dev With a metered volume on top (24 bits) it still fits a lane of a posting (27 bits).
    int256 private constant MAX_CONTRACTED_WH = (1 << 26) - 1;

    /* IMMUTABLES */

    IERC20Metadata public immutable token;
    address public immutable settlement;
    address public immutable forward;
    address public immutable levels;
    uint256 public immutable unitNano;
    /// @dev Smallest units of the token in one nano-currency, where the token has more than nine decimals; else 1.
    uint256 private immutable _unitsPerNano;

    /* STORAGE */

    uint256 public heldNano;
    uint256 public claimCount;
    mapping(address account => Account) private _accounts;
    mapping(address account => mapping(address supplier => mapping(uint32 meter => Cover))) private _covers;
    mapping(bytes32 market => int256) public transitNano;
    mapping(uint256 id => Claim) private _claims;
    mapping(uint32 meter => mapping(uint32 window => uint256)) public contractedWord;
    mapping(uint32 meter => PostingRange) private _postings;

    /* CONSTRUCTOR */

    modifier onlySettlement() {
        require(msg.sender == settlement, NotSettlement(msg.sender));
        _;
    }

    constructor(IERC20Metadata token_, address settlement_, address forward_, address levels_) {
        require(settlement_ != address(0) && forward_ != address(0) && levels_ != address(0), ZeroAccount());
        uint8 decimals = token_.decimals();
        require(decimals <= 27, TokenDecimalsNotSupported(decimals));
        (token, settlement, forward, levels) = (token_, settlement_, forward_, levels_);
        unitNano = decimals < NANO_DECIMALS ? 10 ** (NANO_DECIMALS - decimals) : 1;
        _unitsPerNano = decimals > NANO_DECIMALS ? 10 ** (decimals - NANO_DECIMALS) : 1;
    }

    /* VIEWS */

    /// @inheritdoc ILedger
    function accountOf(address account) external view returns (Account memory) {
        return _accounts[account];
    }

    /// @inheritdoc ILedger
    function coverOf(address account, address supplier, uint32 meter) external view returns (Cover memory) {
        return _covers[account][supplier][meter];
    }

    /// @inheritdoc ILedger
    function claim(uint256 id) external view returns (Claim memory) {
        return _claims[id];
    }

    /// @inheritdoc ILedger
    function hasPostings(uint32 meter, uint32 firstSlot, uint32 slots) external view returns (bool) {
        PostingRange memory range = _postings[meter];
        return range.last != 0 && firstSlot <= range.last && uint256(firstSlot) + slots > range.first;
    }

    /* MONEY IN AND OUT */

    /// @inheritdoc ILedger
    function deposit(address account, uint256 amountNano) external nonReentrant {
        _deposit(account, amountNano);
    }

    /// @inheritdoc ILedger
    function depositWithPermit(
        address account,
        uint256 amountNano,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Whoever sees the permit can use it first; the allowance then stands and the deposit goes on.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), _units(amountNano), deadline, v, r, s) {}
            catch {}
        _deposit(account, amountNano);
    }

    /// @inheritdoc ILedger
    function withdraw(address to, uint256 amountNano) external nonReentrant {
        require(to != address(0), ZeroAccount());
        uint256 units = _units(amountNano);
        _takeFree(msg.sender, amountNano);
        heldNano -= amountNano;
        emit Withdrawn(msg.sender, to, amountNano);
        token.safeTransfer(to, units);
    }

    /* GUARANTEES */

    /// @inheritdoc ILedger
    function giveGuarantee(address account, uint32 meter, uint256 amountNano) external {
        require(account != address(0), ZeroAccount());
        _takeFree(msg.sender, amountNano);
        Cover storage cover = _covers[account][msg.sender][meter];
        uint256 free = cover.guaranteeFreeNano + amountNano;
        // What is locked comes back to the free part one day and must fit there too.
        (free + cover.guaranteeLockedNano).toUint64();
        cover.guaranteeFreeNano = free.toUint64();
        emit GuaranteeGiven(msg.sender, account, meter, amountNano);
    }

    /// @inheritdoc ILedger
    function returnGuarantee(address account, uint32 meter, uint256 amountNano) external {
        Cover storage cover = _covers[account][msg.sender][meter];
        uint256 free = cover.guaranteeFreeNano;
        require(amountNano <= free, NotEnoughGuarantee(free, amountNano));
        cover.guaranteeFreeNano = (free - amountNano).toUint64();
        _accounts[msg.sender].freeNano += amountNano.toUint128();
        emit GuaranteeReturned(msg.sender, account, meter, amountNano);
    }

    /* CLAIMS */

    /// @inheritdoc ILedger
    function payClaim(uint256 id) external returns (uint256 paidNano) {
        Claim storage open = _claims[id];
        require(open.creditor != address(0), UnknownClaim(id));
        paidNano = _pay(open.debtor, open.creditor, open.openNano);
        open.openNano -= paidNano;
        emit ClaimPaid(id, paidNano, open.openNano);
    }

    /* SETTLEMENT */

    /// @inheritdoc ILedger
    function lockUpTo(address account, address supplier, uint32 meter, uint256 wantedNano)
        external
        onlySettlement
        returns (uint256 lockedNano)
    {
        Account memory money = _accounts[account];
        Cover memory cover = _covers[account][supplier][meter];
        // Both parts stay within their 64 bits, so nothing that is wanted can make this revert.
        uint256 own = Math.min(Math.min(wantedNano, money.freeNano), type(uint64).max - cover.ownNano);
        uint256 guarantee = Math.min(
            Math.min(wantedNano - own, cover.guaranteeFreeNano), type(uint64).max - cover.guaranteeLockedNano
        );
        lockedNano = own + guarantee;
        if (lockedNano == 0) return 0;
        _accounts[account] =
            Account((money.freeNano - own).toUint128(), (money.lockedNano + own).toUint128());
        _covers[account][supplier][meter] = Cover(
            (cover.ownNano + own).toUint64(),
            (cover.guaranteeFreeNano - guarantee).toUint64(),
            (cover.guaranteeLockedNano + guarantee).toUint64(),
            true
        );
        emit Locked(account, meter, supplier, own, guarantee);
    }

    /// @inheritdoc ILedger
    function unlock(address account, address supplier, uint32 meter, uint256 amountNano) external onlySettlement {
        if (amountNano == 0) return;
        _release(account, supplier, meter, amountNano, 0, 0, 0, 0);
        emit Unlocked(account, meter, supplier, amountNano);
    }

    /// @inheritdoc ILedger
    function adjustCollateral(address account, int256 deltaNano) external returns (int256 leftNano) {
        if (msg.sender != forward) revert NotForward(msg.sender);
        Account storage money = _accounts[account];
        // What wraps is below zero or above 128 bits, whichever way.
        unchecked {
            leftNano = int256(uint256(money.freeNano)) - deltaNano;
            if (leftNano < 0) return leftNano;
            uint256 lockedNano = money.lockedNano + uint256(deltaNano);
            uint256 both = uint256(leftNano) | lockedNano;
            if (both > type(uint128).max) revert AmountTooLarge(both);
            // Both fields at once; one after the other would be two stores.
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                sstore(money.slot, or(leftNano, shl(128, lockedNano)))
            }
        }
    }

    /// @inheritdoc ILedger
    function settle(
        bytes32 market,
        address operator,
        address feeAccount,
        uint256 feesNano,
        Entry[] calldata entries,
        Network[] calldata networks
    ) external onlySettlement {
        int256 transit;
        for (uint256 i; i < entries.length; ++i) {
            Entry calldata e = entries[i];
            require(e.payNano <= e.releaseNano, PaysMoreThanReleased(e.meter));
            // Collateral ends, and what was contracted is paid from it or credited.
            int256 back = e.collateralNano.toInt256() + e.contractNano;
            require(back >= 0, PaysMoreThanReleased(e.meter));
            _release(
                e.account,
                e.supplier,
                e.meter,
                e.releaseNano,
                e.payNano,
                e.incomeNano,
                e.collateralNano,
                uint256(back)
            );
            transit += e.payNano.toInt256() - e.incomeNano.toInt256() - e.contractNano;
            emit EntrySettled(
                market, e.meter, e.account, e.supplier, e.releaseNano, e.payNano, e.incomeNano, e.supplierNano
            );
            if (e.collateralNano != 0 || e.contractNano != 0) {
                emit ContractSettled(market, e.meter, e.account, e.collateralNano, e.contractNano);
            }
        }
        // Debits before credits: a supplier pays its customers from what its customers have just paid.
        for (uint256 i; i < entries.length; ++i) {
            Entry calldata e = entries[i];
            if (e.supplierNano < 0) _owe(e.account, e.supplier, uint256(-e.supplierNano));
        }
        for (uint256 i; i < entries.length; ++i) {
            Entry calldata e = entries[i];
            if (e.supplierNano > 0) _owe(e.supplier, e.account, uint256(e.supplierNano));
        }
        for (uint256 i; i < networks.length; ++i) {
            Network calldata n = networks[i];
            if (n.chargeNano > 0) _owe(n.supplier, operator, uint256(n.chargeNano));
            if (n.chargeNano < 0) _owe(operator, n.supplier, uint256(-n.chargeNano));
            if (n.chargeNano != 0) emit NetworkSettled(market, n.supplier, operator, n.chargeNano);
        }
        if (feesNano != 0) {
            _accounts[feeAccount].freeNano += feesNano.toUint128();
            transit -= feesNano.toInt256();
            emit FeesSettled(market, feeAccount, feesNano);
        }
        if (transit != 0) transitNano[market] += transit;
    }

    /// @inheritdoc ILedger
    function settleLevels(bytes32 tree, LevelMove[] calldata moves, LevelCharge[] calldata charges) external {
        require(msg.sender == levels, NotLevels(msg.sender));
        int256 transit;
        for (uint256 i; i < moves.length; ++i) {
            (bytes32 market, int256 nano) = (moves[i].market, moves[i].nano);
            transitNano[market] -= nano;
            transit += nano;
            emit LevelSettled(market, tree, nano);
        }
        for (uint256 i; i < charges.length; ++i) {
            (address account, uint256 nano) = (charges[i].account, charges[i].nano);
            _accounts[account].freeNano += nano.toUint128();
            transit -= nano.toInt256();
            emit LevelCharged(tree, account, nano);
        }
        if (transit != 0) transitNano[tree] += transit;
    }

    /// @inheritdoc ILedger
    function postEnergy(uint32 fromMeter, uint32 toMeter, uint32 slot, uint32 wh) external onlySettlement {
        _contract(fromMeter, slot, -int256(uint256(wh)));
        _contract(toMeter, slot, int256(uint256(wh)));
        emit EnergyPosted(fromMeter, toMeter, slot, wh);
    }

    /* INTERNAL */

    function _deposit(address account, uint256 amountNano) private {
        require(account != address(0), ZeroAccount());
        uint256 units = _units(amountNano);
        _accounts[account].freeNano += amountNano.toUint128();
        heldNano += amountNano;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), units);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == units, TokenTookFee(units, received));
        emit Deposited(msg.sender, account, amountNano);
    }

    function _units(uint256 amountNano) private view returns (uint256) {
        // Far above any currency in circulation, far below what the sums could not hold.
        require(amountNano <= type(uint96).max, AmountTooLarge(amountNano));
        require(amountNano % unitNano == 0, NotRepresentable(amountNano, unitNano));
        return (amountNano / unitNano) * _unitsPerNano;
    }

    function _takeFree(address account, uint256 amountNano) private {
        uint256 free = _accounts[account].freeNano;
        require(amountNano <= free, NotEnoughFree(account, free, amountNano));
        _accounts[account].freeNano = (free - amountNano).toUint128();
    }

    /// @dev Ends a lock: `payNano` leaves, from the owner's part first; of the rest the guarantee gets its part back
    /// first, and what remains is free again, with `incomeNano`. So a guarantee is used last and freed first, however
    /// many calls a settlement is cut into. `ended` and `back`: what ends and what comes back besides.
    function _release(
        address account,
        address supplier,
        uint32 meter,
        uint256 releaseNano,
        uint256 payNano,
        uint256 incomeNano,
        uint256 ended,
        uint256 back
    ) private {
        if (releaseNano != 0) {
            Cover memory cover = _covers[account][supplier][meter];
            uint256 ownPays = Math.min(payNano, cover.ownNano);
            uint256 guaranteePays = payNano - ownPays;
            uint256 rest = releaseNano - payNano;
            uint256 toGuarantee = Math.min(rest, cover.guaranteeLockedNano - guaranteePays);
            uint256 own = rest - toGuarantee;
            back += own;
            own += ownPays;
            ended += own;
            _covers[account][supplier][meter] = Cover(
                (cover.ownNano - own).toUint64(),
                (cover.guaranteeFreeNano + toGuarantee).toUint64(),
                (cover.guaranteeLockedNano - guaranteePays - toGuarantee).toUint64(),
                true
            );
        }
        if (ended + back + incomeNano == 0) return;
        Account memory money = _accounts[account];
        _accounts[account] = Account(
            (money.freeNano + back + incomeNano).toUint128(), (money.lockedNano - ended).toUint128()
        );
    }

    /// @dev Moves free money as far as it goes.
    function _pay(address debtor, address creditor, uint256 amountNano) private returns (uint256 paidNano) {
        uint256 free = _accounts[debtor].freeNano;
        paidNano = Math.min(free, amountNano);
        if (paidNano == 0 || debtor == creditor) return paidNano;
        _accounts[debtor].freeNano = (free - paidNano).toUint128();
        _accounts[creditor].freeNano += paidNano.toUint128();
    }

    /// @dev Pays what can be paid; the rest becomes a claim.
    function _owe(address debtor, address creditor, uint256 amountNano) private {
        uint256 open = amountNano - _pay(debtor, creditor, amountNano);
        if (open == 0 || debtor == creditor) return;
        uint256 id = ++claimCount;
        _claims[id] = Claim(debtor, creditor, open);
        emit ClaimOpened(id, debtor, creditor, open);
    }

    function _contract(uint32 meter, uint32 slot, int256 wh) private {
        uint256 shift = (slot % 8) * 32;
        uint256 word = contractedWord[meter][slot / 8];
        int256 sum = int256(int32(uint32(word >> shift))) + wh;
        require(sum <= MAX_CONTRACTED_WH && sum >= -MAX_CONTRACTED_WH, TooMuchContracted(meter, slot));
        word = (word & ~(uint256(type(uint32).max) << shift)) | (uint256(uint32(sum.toInt32())) << shift);
        contractedWord[meter][slot / 8] = word;
        PostingRange memory range = _postings[meter];
        if (range.last == 0 || slot < range.first) range.first = slot;
        if (slot > range.last) range.last = slot;
        _postings[meter] = range;
    }
}
