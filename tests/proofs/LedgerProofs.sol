// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "../../contracts/Ledger.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {MockToken} from "../../contracts/mocks/MockTokens.sol";
import {svm, vm} from "./Cheats.sol";

/// @title The ledger: money moves, none is made, none is lost, and nobody's but that of those who are named
/// @dev All storage of the ledger is symbolic: what is proved holds in every state, reached or not, within the bounds
/// that are assumed. This contract stands in for all three callers. Of calls that revert nothing is claimed, unless it
/// says so. The token has nine decimals, so a unit is a nano; other tokens: P7 in Ledger.t.sol.
contract LedgerProofs {
    Ledger private _ledger;
    MockToken private _token;

    function setUp() public {
        _token = new MockToken(9);
        _ledger = new Ledger(_token, address(this), address(this), address(this));
        svm.enableSymbolicStorage(address(_ledger));
    }

    function _account(address account) private view returns (uint256 free, uint256 locked) {
        ILedger.Account memory money = _ledger.accountOf(account);
        return (money.freeNano, money.lockedNano);
    }

    function _both(address account) private view returns (uint256) {
        (uint256 free, uint256 locked) = _account(account);
        return free + locked;
    }

    function _guarantee(address account, address supplier, uint32 meter) private view returns (uint256) {
        ILedger.Cover memory cover = _ledger.coverOf(account, supplier, meter);
        return uint256(cover.guaranteeFreeNano) + cover.guaranteeLockedNano;
    }

    /* MONEY IN AND OUT */

    /// @dev P5: whoever has free money gets it, whatever else the state is, where the ledger is solvent.
    function check_P5_freeMoneyCanBeWithdrawn(address account, address to, uint64 units, uint96 balance) external {
        vm.assume(to != address(0) && to != address(_ledger) && account != address(0));
        uint256 nano = units;
        (uint256 free, uint256 locked) = _account(account);
        uint256 held = _ledger.heldNano();
        vm.assume(nano <= free && nano <= held && units <= balance);
        _token.mint(address(_ledger), balance);
        vm.prank(account);
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.withdraw, (to, nano)));
        assert(ok);
        (uint256 freeAfter, uint256 lockedAfter) = _account(account);
        assert(freeAfter == free - nano && lockedAfter == locked && _ledger.heldNano() == held - nano);
        assert(_token.balanceOf(to) == units && _token.balanceOf(address(_ledger)) == uint256(balance) - units);
    }

    /// @dev P1, P3: never more than one's own free money, and nobody else's.
    function check_P3_withdrawIsFromOwnFreeMoney(address account, address other, address to, uint256 nano) external {
        vm.assume(account != other);
        _token.mint(address(_ledger), type(uint96).max);
        (uint256 free,) = _account(account);
        (uint256 otherFree, uint256 otherLocked) = _account(other);
        vm.prank(account);
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.withdraw, (to, nano)));
        (uint256 freeAfter,) = _account(account);
        (uint256 otherFreeAfter, uint256 otherLockedAfter) = _account(other);
        assert(!ok || (nano <= free && freeAfter == free - nano));
        assert(otherFreeAfter == otherFree && otherLockedAfter == otherLocked);
    }

    /// @dev P1, P2: what is credited is what has come in.
    function check_P1_P2_depositIsWhatCameIn(address account, uint64 units) external {
        uint256 nano = units;
        _token.mint(address(this), units);
        _token.approve(address(_ledger), units);
        (uint256 free, uint256 locked) = _account(account);
        uint256 held = _ledger.heldNano();
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.deposit, (account, nano)));
        if (!ok) return;
        (uint256 freeAfter, uint256 lockedAfter) = _account(account);
        assert(freeAfter == free + nano && lockedAfter == locked && _ledger.heldNano() == held + nano);
        assert(_token.balanceOf(address(_ledger)) == units);
    }

    /* GUARANTEES AND CLAIMS */

    /// @dev P2, P3: a guarantee is the giver's free money; the account that it is for gets nothing and loses nothing.
    function check_P2_P3_guaranteeGiven(address giver, address account, uint32 meter, uint256 nano) external {
        vm.assume(giver != account);
        uint256 before = _both(giver);
        uint256 laid = _guarantee(account, giver, meter);
        uint256 others = _both(account);
        vm.prank(giver);
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.giveGuarantee, (account, meter, nano)));
        if (!ok) return;
        assert(_both(giver) + _guarantee(account, giver, meter) == before + laid);
        assert(_both(account) == others);
    }

    function check_P2_P3_guaranteeReturned(address giver, address account, uint32 meter, uint256 nano) external {
        vm.assume(giver != account);
        uint256 before = _both(giver);
        uint256 laid = _guarantee(account, giver, meter);
        uint256 others = _both(account);
        vm.prank(giver);
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.returnGuarantee, (account, meter, nano)));
        if (!ok) return;
        assert(nano <= laid && _both(giver) + _guarantee(account, giver, meter) == before + laid);
        assert(_both(account) == others);
    }

    /// @dev P2: paying a claim moves free money from debtor to creditor, no more than is open, and none of others.
    function check_P2_claimIsPaidOnce(uint256 id, address other) external {
        ILedger.Claim memory open = _ledger.claim(id);
        vm.assume(open.debtor != open.creditor && other != open.debtor && other != open.creditor);
        uint256 before = _both(open.debtor) + _both(open.creditor);
        (uint256 free,) = _account(open.debtor);
        uint256 others = _both(other);
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.payClaim, (id)));
        if (!ok) return;
        (uint256 freeAfter,) = _account(open.debtor);
        assert(_both(open.debtor) + _both(open.creditor) == before && _both(other) == others);
        assert(_ledger.claim(id).openNano + (free - freeAfter) == open.openNano);
    }

    /* LOCKS */

    /// @dev P2, P3, P4, P16: locking cannot revert, locks no more than is wanted and there, and makes no money.
    function check_P4_P16_lockUpTo(address account, address supplier, uint32 meter, uint256 wanted) external {
        (uint256 free, uint256 locked) = _account(account);
        ILedger.Cover memory cover = _ledger.coverOf(account, supplier, meter);
        // All money that there is has 127 bits, see `Ledger._units`; a guarantee fits 64 bits, see `giveGuarantee`.
        vm.assume(free + locked < 1 << 127);
        uint256 guarantee = uint256(cover.guaranteeFreeNano) + cover.guaranteeLockedNano;
        vm.assume(guarantee <= type(uint64).max);
        (bool ok, bytes memory answer) =
            address(_ledger).call(abi.encodeCall(_ledger.lockUpTo, (account, supplier, meter, wanted)));
        assert(ok);
        uint256 got = abi.decode(answer, (uint256));
        (uint256 freeAfter, uint256 lockedAfter) = _account(account);
        ILedger.Cover memory next = _ledger.coverOf(account, supplier, meter);
        assert(got <= wanted && freeAfter + lockedAfter == free + locked);
        assert(uint256(next.guaranteeFreeNano) + next.guaranteeLockedNano == guarantee);
        assert(lockedAfter - locked == next.ownNano - cover.ownNano);
        assert(got == (free - freeAfter) + (next.guaranteeLockedNano - cover.guaranteeLockedNano));
        // Own money first: a guarantee is touched only where no free money is left, or no place for it.
        assert(
            next.guaranteeLockedNano == cover.guaranteeLockedNano || freeAfter == 0
                || next.ownNano == type(uint64).max
        );
    }

    /// @dev P2, P4: what is unlocked is free again, the owner's or the guarantee's.
    function check_P2_P4_unlock(address account, address supplier, uint32 meter, uint256 nano) external {
        (uint256 free, uint256 locked) = _account(account);
        ILedger.Cover memory cover = _ledger.coverOf(account, supplier, meter);
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.unlock, (account, supplier, meter, nano)));
        if (!ok) return;
        (uint256 freeAfter, uint256 lockedAfter) = _account(account);
        ILedger.Cover memory next = _ledger.coverOf(account, supplier, meter);
        assert(freeAfter + lockedAfter == free + locked);
        assert(
            uint256(next.guaranteeFreeNano) + next.guaranteeLockedNano
                == uint256(cover.guaranteeFreeNano) + cover.guaranteeLockedNano
        );
        assert(cover.ownNano - next.ownNano == locked - lockedAfter);
        assert(nano == (locked - lockedAfter) + (cover.guaranteeLockedNano - next.guaranteeLockedNano));
    }

    /// @dev P4, P24, P25: collateral of orders comes from free money and goes back there; where it is not enough,
    /// nothing changes and what is missing is told.
    function check_P24_P25_collateral(address account, int128 delta) external {
        (uint256 free, uint256 locked) = _account(account);
        vm.assume(delta >= 0 || locked >= uint256(-int256(delta)));
        vm.assume(free + locked < 1 << 128);
        int256 left = _ledger.adjustCollateral(account, delta);
        (uint256 freeAfter, uint256 lockedAfter) = _account(account);
        assert(left == int256(free) - delta);
        if (left < 0) {
            assert(freeAfter == free && lockedAfter == locked);
        } else {
            assert(int256(freeAfter) == left && freeAfter + lockedAfter == free + locked);
        }
    }

    /* SETTLEMENT */

    function _settle(ILedger.Entry memory e) private returns (bool ok) {
        ILedger.Entry[] memory entries = new ILedger.Entry[](1);
        entries[0] = e;
        (ok,) = address(_ledger).call(
            abi.encodeCall(
                _ledger.settle, ("market", address(0), address(0), 0, entries, new ILedger.Network[](0))
            )
        );
    }

    /// @dev P2, P6: what is released ends a lock, own or of the guarantee, to the unit; what is not paid of it and what
    /// is received is free again, or the guarantee's; the rest goes to transit. The four equations add up to: the sum
    /// stays. Own money pays first.
    function check_P2_P6_entryKeepsTheSum(address account, uint64 release, uint64 pay, uint64 income) external {
        (uint256 free, uint256 locked) = _account(account);
        ILedger.Cover memory cover = _ledger.coverOf(account, address(1), 7);
        int256 transit = _transit("market");
        if (!_settle(ILedger.Entry(7, account, address(1), release, pay, income, 0, 0, 0))) return;
        (uint256 freeAfter, uint256 lockedAfter) = _account(account);
        ILedger.Cover memory next = _ledger.coverOf(account, address(1), 7);
        uint256 own = cover.ownNano - next.ownNano;
        uint256 toGuarantee = next.guaranteeFreeNano - cover.guaranteeFreeNano;
        assert(locked - lockedAfter == own);
        assert(own + (cover.guaranteeLockedNano - next.guaranteeLockedNano) == release);
        assert(freeAfter + toGuarantee == free + income + (release - pay));
        assert(_ledger.transitNano("market") == transit + int256(uint256(pay)) - int256(uint256(income)));
        assert(pay > cover.ownNano || toGuarantee == cover.guaranteeLockedNano - next.guaranteeLockedNano);
    }

    /// @dev P2, P6, P24: collateral ends with what its orders have cost or brought; the sum stays, and no contract
    /// costs more than was locked for it.
    function check_P2_P6_P24_contractKeepsTheSum(address account, uint64 collateral, int64 contracted) external {
        (uint256 free, uint256 locked) = _account(account);
        int256 transit = _transit("market");
        ILedger.Entry memory e = ILedger.Entry(7, account, address(1), 0, 0, 0, 0, collateral, contracted);
        if (!_settle(e)) return;
        (uint256 freeAfter, uint256 lockedAfter) = _account(account);
        assert(lockedAfter + collateral == locked && int256(uint256(collateral)) + contracted >= 0);
        assert(int256(freeAfter) == int256(free) + int256(uint256(collateral)) + contracted);
        assert(_ledger.transitNano("market") == transit - contracted);
    }

    function _transit(bytes32 market) private view returns (int256 nano) {
        nano = _ledger.transitNano(market);
        vm.assume(nano > -(1 << 100) && nano < 1 << 100);
    }

    /// @dev P2: so does what a supplier gets or gives.
    function check_P2_supplierKeepsTheSum(address account, address supplier, int64 owed) external {
        vm.assume(account != supplier);
        uint256 before = _both(account) + _both(supplier);
        int256 transit = _transit("market");
        ILedger.Entry memory e = ILedger.Entry(7, account, supplier, 0, 0, 0, owed, 0, 0);
        if (!_settle(e)) return;
        assert(_both(account) + _both(supplier) == before && _ledger.transitNano("market") == transit);
    }

    /// @dev P2: and so do a network charge and the fee.
    function check_P2_chargesKeepTheSum(address supplier, address operator, address feeAccount, int64 charge, uint64 fees)
        external
    {
        vm.assume(supplier != operator && supplier != feeAccount && operator != feeAccount && charge != 0);
        uint256 before = _both(supplier) + _both(operator);
        uint256 feesBefore = _both(feeAccount);
        int256 transit = _transit("market");
        ILedger.Network[] memory networks = new ILedger.Network[](1);
        networks[0] = ILedger.Network(supplier, charge);
        (bool ok,) = address(_ledger).call(
            abi.encodeCall(
                _ledger.settle, ("market", operator, feeAccount, fees, new ILedger.Entry[](0), networks)
            )
        );
        if (!ok) return;
        assert(_both(supplier) + _both(operator) == before && _both(feeAccount) == feesBefore + fees);
        assert(_ledger.transitNano("market") == transit - int256(uint256(fees)));
    }

    /// @dev P3: settlement touches nobody who is not named in it.
    function check_P3_othersAreNotTouched(address account, address other, uint64 release, uint64 pay, uint64 income)
        external
    {
        vm.assume(other != account);
        (uint256 free, uint256 locked) = _account(other);
        ILedger.Entry memory e = ILedger.Entry(7, account, address(1), release, pay, income, 0, 0, 0);
        if (!_settle(e)) return;
        (uint256 freeAfter, uint256 lockedAfter) = _account(other);
        assert(pay <= release && freeAfter == free && lockedAfter == locked);
    }

    /// @dev P2: what markets owe the levels above, and what those take, adds up with their transit.
    function check_P2_levelsKeepTheSum(bytes32 tree, bytes32 market, address account, int64 nano, uint64 charge)
        external
    {
        vm.assume(tree != market);
        (int256 a, int256 b) = (_transit(tree), _transit(market));
        uint256 before = _both(account);
        ILedger.LevelMove[] memory moves = new ILedger.LevelMove[](1);
        moves[0] = ILedger.LevelMove(market, nano);
        ILedger.LevelCharge[] memory charges = new ILedger.LevelCharge[](1);
        charges[0] = ILedger.LevelCharge(account, charge);
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.settleLevels, (tree, moves, charges)));
        if (!ok) return;
        assert(int256(_both(account)) + _ledger.transitNano(tree) + _ledger.transitNano(market) == int256(before) + a + b);
    }

    function _contracted(uint32 meter, uint256 i) private view returns (int256) {
        return int32(uint32(_ledger.contractedWord(meter, 11) >> (i * 32)));
    }

    /// @dev P10: postings of energy come in pairs that add up to zero, and leave the other slots of the window alone;
    /// for the fourth slot of a window.
    function check_P10_postingsAddUp(uint32 wh) external {
        (int256 a, int256 b, int256 c) = (_contracted(1, 3), _contracted(2, 3), _contracted(1, 4));
        (bool ok,) = address(_ledger).call(abi.encodeCall(_ledger.postEnergy, (1, 2, 91, wh)));
        if (!ok) return;
        assert(_contracted(1, 3) == a - int256(uint256(wh)) && _contracted(1, 4) == c);
        assert(_contracted(1, 3) + _contracted(2, 3) == a + b);
    }

    /* WHO MAY CALL */

    /// @dev P29: what moves money or energy of others knows its caller, whoever else calls and with whatever.
    function check_P29_onlyTheCallersNamed(address caller, address account, address supplier, uint256 nano, int256 delta)
        external
    {
        vm.assume(caller != address(this));
        bytes[6] memory calls = [
            abi.encodeCall(_ledger.lockUpTo, (account, supplier, 7, nano)),
            abi.encodeCall(_ledger.unlock, (account, supplier, 7, nano)),
            abi.encodeCall(_ledger.adjustCollateral, (account, delta)),
            abi.encodeCall(
                _ledger.settle,
                ("market", account, supplier, nano, new ILedger.Entry[](1), new ILedger.Network[](1))
            ),
            abi.encodeCall(
                _ledger.settleLevels, ("tree", new ILedger.LevelMove[](1), new ILedger.LevelCharge[](1))
            ),
            abi.encodeCall(_ledger.postEnergy, (1, 2, 3, uint32(nano)))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(caller);
            (bool ok,) = address(_ledger).call(calls[i]);
            assert(!ok);
        }
    }
}
