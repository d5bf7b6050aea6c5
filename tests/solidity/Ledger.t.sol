// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {BareToken, BlockingToken, FeeToken, MockToken, ReentrantToken} from "../../contracts/mocks/MockTokens.sol";
import {World} from "./World.sol";

/// @dev The ledger alone; this contract stands in for Settlement.
contract LedgerTest is World {
    bytes32 private constant M = "market";
    address private _home = address(0xB1);
    uint32 private constant METER = 7;
    address private constant FORWARD = address(0xF0);
    address private constant LEVELS = address(0x1E);

    function setUp() public {
        deployCore();
        ledger = ILedger(ship("Ledger", abi.encode(currency, address(this), FORWARD, LEVELS)));
    }

    function _give(
        address account,
        uint256 nano
    ) private {
        fund(account, nano);
    }

    function _entry(
        uint256 release,
        uint256 pay,
        uint256 income,
        int256 supplier
    ) private view returns (ILedger.Entry memory) {
        return ILedger.Entry(METER, _home, supplierA, release, pay, income, supplier, 0, 0);
    }

    function _settle(
        ILedger.Entry memory e,
        int256 network,
        uint256 fees
    ) private {
        ILedger.Entry[] memory entries = new ILedger.Entry[](1);
        entries[0] = e;
        ILedger.Network[] memory networks = new ILedger.Network[](1);
        networks[0] = ILedger.Network(supplierA, network);
        ledger.settle(M, gridOperator, feeAccount, fees, entries, networks);
    }

    /* WHO MAY CALL */

    function test_callersAreNamedAtConstruction() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.ZeroAccount.selector));
        ship("Ledger", abi.encode(currency, address(0), FORWARD, LEVELS));
        vm.expectRevert(abi.encodeWithSelector(ILedger.ZeroAccount.selector));
        ship("Ledger", abi.encode(currency, address(0x55), address(0), LEVELS));
        ILedger other = ILedger(ship("Ledger", abi.encode(currency, address(0x55), FORWARD, LEVELS)));
        vm.assertEq(other.settlement(), address(0x55), "settlement");
        vm.assertEq(other.forward(), FORWARD, "forward auctions");
    }

    function test_onlySettlementLocksSettlesAndPosts() public {
        ILedger.Entry[] memory entries = new ILedger.Entry[](0);
        ILedger.Network[] memory networks = new ILedger.Network[](0);
        address[3] memory others = [stranger, address(manager), registrar];
        for (uint256 i; i < others.length; ++i) {
            bytes memory refused = abi.encodeWithSelector(ILedger.NotSettlement.selector, others[i]);
            vm.startPrank(others[i]);
            vm.expectRevert(refused);
            ledger.lockUpTo(_home, supplierA, METER, 1);
            vm.expectRevert(refused);
            ledger.unlock(_home, supplierA, METER, 1);
            vm.expectRevert(refused);
            ledger.settle(M, gridOperator, feeAccount, 0, entries, networks);
            vm.expectRevert(refused);
            ledger.postEnergy(1, 2, 3, 4);
            vm.stopPrank();
        }
    }

    /* DEPOSIT AND WITHDRAWAL */

    function test_depositAndWithdraw() public {
        currency.mint(address(this), 10e6);
        currency.approve(address(ledger), 10e6);
        vm.expectEmit(address(ledger));
        emit ILedger.Deposited(address(this), _home, 4 * EUR);
        ledger.deposit(_home, 4 * EUR);
        vm.assertEq(free(_home), 4 * EUR, "credited");
        vm.assertEq(ledger.heldNano(), 4 * EUR, "held");
        vm.prank(_home);
        vm.expectEmit(address(ledger));
        emit ILedger.Withdrawn(_home, stranger, EUR);
        ledger.withdraw(stranger, EUR);
        vm.assertEq(currency.balanceOf(stranger), 1e6, "tokens out");
        vm.assertEq(free(_home), 3 * EUR, "debited");
        vm.assertEq(ledger.heldNano(), 3 * EUR, "held less");
    }

    function test_depositRefusals() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.ZeroAccount.selector));
        ledger.deposit(address(0), EUR);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotRepresentable.selector, uint256(1001), uint256(1000)));
        ledger.deposit(_home, 1001);
        uint256 huge = uint256(type(uint96).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(ILedger.AmountTooLarge.selector, huge));
        ledger.deposit(_home, huge);
        vm.expectRevert();
        ledger.deposit(_home, EUR);
    }

    function test_withdrawRefusals() public {
        _give(_home, EUR);
        vm.startPrank(_home);
        vm.expectRevert(abi.encodeWithSelector(ILedger.ZeroAccount.selector));
        ledger.withdraw(address(0), 1000);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotRepresentable.selector, uint256(1), uint256(1000)));
        ledger.withdraw(_home, 1);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotEnoughFree.selector, _home, EUR, EUR + 1000));
        ledger.withdraw(_home, EUR + 1000);
        vm.stopPrank();
        ledger.lockUpTo(_home, supplierA, METER, EUR / 2);
        vm.prank(_home);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotEnoughFree.selector, _home, EUR / 2, EUR));
        ledger.withdraw(_home, EUR);
    }

    function test_permitDeposit() public {
        uint256 key = 0xBEEF;
        address payer = vm.addr(key);
        currency.mint(payer, 5e6);
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                payer,
                address(ledger),
                uint256(5e6),
                uint256(0),
                uint256(T0 + 100)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digestOf(currency.DOMAIN_SEPARATOR(), hash));
        uint256 before = vm.snapshotState();
        vm.prank(payer);
        ledger.depositWithPermit(_home, 5 * EUR, T0 + 100, v, r, s);
        vm.assertEq(free(_home), 5 * EUR, "credited");
        vm.revertToState(before);
        // Somebody uses the permit first: the allowance stands and the deposit goes on.
        currency.permit(payer, address(ledger), 5e6, T0 + 100, v, r, s);
        vm.prank(payer);
        ledger.depositWithPermit(_home, 5 * EUR, T0 + 100, v, r, s);
        vm.assertEq(free(_home), 5 * EUR, "credited although the permit was used");
        // A bad permit without allowance moves nothing.
        currency.mint(payer, 5e6);
        vm.prank(payer);
        vm.expectRevert();
        ledger.depositWithPermit(_home, 5 * EUR, T0 + 100, v, r, s);
        vm.assertEq(free(_home), 5 * EUR, "nothing more");
    }

    /* TOKENS */

    function _with(
        address token
    ) private returns (ILedger l) {
        l = ILedger(ship("Ledger", abi.encode(token, address(this), FORWARD, LEVELS)));
    }

    function testFuzz_P7_roundTripWithAnyDecimals(
        uint8 decimals,
        uint96 amount
    ) public {
        decimals = uint8(bound(decimals, 0, 27));
        MockToken token = new MockToken(decimals);
        ILedger l = _with(address(token));
        uint256 nano = uint256(amount) - uint256(amount) % l.unitNano();
        uint256 units = decimals >= 9 ? nano * 10 ** (decimals - 9) : nano / 10 ** (9 - decimals);
        token.mint(address(this), units);
        token.approve(address(l), units);
        l.deposit(address(this), nano);
        vm.assertEq(token.balanceOf(address(l)), units, "tokens in");
        vm.assertEq(l.accountOf(address(this)).freeNano, nano, "credited");
        l.withdraw(address(this), nano);
        vm.assertEq(token.balanceOf(address(this)), units, "P7: all back, no more");
        vm.assertEq(l.heldNano(), 0, "nothing held");
    }

    function test_tooManyDecimals() public {
        MockToken token = new MockToken(28);
        vm.expectRevert(abi.encodeWithSelector(ILedger.TokenDecimalsNotSupported.selector, uint8(28)));
        ship("Ledger", abi.encode(token, address(this), FORWARD, LEVELS));
    }

    function test_feeTokenIsRefused() public {
        FeeToken token = new FeeToken();
        ILedger l = _with(address(token));
        token.mint(address(this), 1e6);
        token.approve(address(l), 1e6);
        vm.expectRevert(abi.encodeWithSelector(ILedger.TokenTookFee.selector, uint256(1e6), uint256(99e4)));
        l.deposit(_home, EUR);
        vm.assertEq(l.heldNano(), 0, "nothing credited");
    }

    function test_tokenThatReturnsNothing() public {
        BareToken token = new BareToken(true, false);
        ILedger l = _with(address(token));
        token.mint(address(this), 1e6);
        l.deposit(address(this), EUR);
        l.withdraw(stranger, EUR);
        vm.assertEq(token.balanceOf(stranger), 1e6, "silence is consent");
    }

    function test_tokenThatReturnsFalse() public {
        BareToken token = new BareToken(false, true);
        ILedger l = _with(address(token));
        token.mint(address(this), 2e6);
        l.deposit(address(this), EUR);
        token.setRefuses(true);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        l.deposit(address(this), EUR);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        l.withdraw(stranger, EUR);
        vm.assertEq(l.accountOf(address(this)).freeNano, EUR, "nothing is lost by a refusal");
    }

    function test_blockedAccountStopsNobodyElse() public {
        BlockingToken token = new BlockingToken();
        ILedger l = _with(address(token));
        token.mint(address(this), 2e6);
        token.approve(address(l), 2e6);
        l.deposit(_home, EUR);
        l.deposit(stranger, EUR);
        token.setBlocked(_home);
        vm.prank(_home);
        vm.expectRevert(abi.encodeWithSelector(BlockingToken.Blocked.selector, _home));
        l.withdraw(_home, EUR);
        vm.prank(stranger);
        l.withdraw(stranger, EUR);
        vm.prank(_home);
        l.withdraw(stranger, EUR);
        vm.assertEq(l.heldNano(), 0, "both have left, the blocked one to another account");
    }

    function test_reentrantTokenGetsNothingTwice() public {
        ReentrantToken token = new ReentrantToken();
        ILedger l = _with(address(token));
        token.mint(address(this), 10e6);
        token.approve(address(l), 10e6);
        l.deposit(address(token), 3 * EUR);
        l.deposit(address(this), EUR);
        bytes[2] memory calls = [
            abi.encodeCall(ILedger.withdraw, (stranger, EUR)), abi.encodeCall(ILedger.deposit, (stranger, uint256(0)))
        ];
        for (uint256 i; i < 2; ++i) {
            token.attack(address(l), calls[i]);
            l.withdraw(address(this), EUR / 4);
            vm.assertTrue(!token.reentered(), "refused during withdrawal");
            vm.assertEq(
                bytes32(token.answer()),
                bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "by the guard"
            );
            token.attack(address(l), calls[i]);
            l.deposit(address(this), EUR);
            vm.assertTrue(!token.reentered(), "refused during deposit");
        }
        vm.assertEq(l.heldNano(), token.balanceOf(address(l)) * 1000, "P1");
    }

    function test_P1_donationChangesNothing() public {
        _give(_home, EUR);
        currency.mint(address(ledger), 5e6);
        vm.assertEq(ledger.heldNano(), EUR, "a donation is nobody's");
        vm.prank(_home);
        ledger.withdraw(_home, EUR);
        vm.assertEq(currency.balanceOf(address(ledger)), 5e6, "and stays");
    }

    /* GUARANTEES */

    function test_guarantee() public {
        _give(supplierA, 5 * EUR);
        vm.startPrank(supplierA);
        vm.expectRevert(abi.encodeWithSelector(ILedger.ZeroAccount.selector));
        ledger.giveGuarantee(address(0), METER, EUR);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotEnoughFree.selector, supplierA, 5 * EUR, 6 * EUR));
        ledger.giveGuarantee(_home, METER, 6 * EUR);
        vm.expectEmit(address(ledger));
        emit ILedger.GuaranteeGiven(supplierA, _home, METER, 3 * EUR);
        ledger.giveGuarantee(_home, METER, 3 * EUR);
        vm.assertEq(free(supplierA), 2 * EUR, "taken from free");
        vm.assertEq(ledger.coverOf(_home, supplierA, METER).guaranteeFreeNano, 3 * EUR, "kept beside");
        ledger.returnGuarantee(_home, METER, EUR);
        vm.stopPrank();
        vm.assertEq(free(supplierA), 3 * EUR, "back");
        ledger.lockUpTo(_home, supplierA, METER, EUR);
        vm.prank(supplierA);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotEnoughGuarantee.selector, EUR, 2 * EUR));
        ledger.returnGuarantee(_home, METER, 2 * EUR);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotEnoughGuarantee.selector, uint256(0), uint256(1)));
        ledger.returnGuarantee(_home, METER, 1);
    }

    function test_P16_guaranteeCannotOverflowAtRelease() public {
        uint256 most = type(uint64).max;
        most -= most % 1000;
        _give(supplierA, 2 * most);
        vm.prank(supplierA);
        ledger.giveGuarantee(_home, METER, most);
        ledger.lockUpTo(_home, supplierA, METER, most);
        // Whether or not a second guarantee is taken, the release must go through.
        vm.prank(supplierA);
        try ledger.giveGuarantee(_home, METER, most) {} catch {}
        _settle(_entry(most, 0, 0, 0), 0, 0);
        vm.assertEq(ledger.coverOf(_home, supplierA, METER).guaranteeLockedNano, 0, "released");
    }

    /* LOCKS */

    function test_lockTakesOwnMoneyFirst() public {
        _give(_home, 2 * EUR);
        _give(supplierA, 5 * EUR);
        vm.prank(supplierA);
        ledger.giveGuarantee(_home, METER, 3 * EUR);
        vm.assertEq(ledger.lockUpTo(_home, supplierA, METER, 4 * EUR), 4 * EUR, "all");
        ILedger.Cover memory c = ledger.coverOf(_home, supplierA, METER);
        vm.assertEq(c.ownNano, 2 * EUR, "own first");
        vm.assertEq(c.guaranteeLockedNano, 2 * EUR, "then the guarantee");
        vm.assertEq(locked(_home), 2 * EUR, "P4");
        vm.assertEq(ledger.lockUpTo(_home, supplierA, METER, 4 * EUR), EUR, "what is left");
        vm.assertEq(ledger.lockUpTo(_home, supplierA, METER, 4 * EUR), 0, "nothing is left");
        vm.assertEq(ledger.lockUpTo(_home, supplierB, METER, EUR), 0, "another supplier's cover is another");
        vm.assertEq(ledger.lockUpTo(_home, supplierA, METER + 1, EUR), 0, "another meter's too");
    }

    function test_unlockFreesTheGuaranteeFirst() public {
        _give(_home, 2 * EUR);
        _give(supplierA, 3 * EUR);
        vm.prank(supplierA);
        ledger.giveGuarantee(_home, METER, 3 * EUR);
        ledger.lockUpTo(_home, supplierA, METER, 4 * EUR);
        ledger.unlock(_home, supplierA, METER, 3 * EUR);
        ILedger.Cover memory c = ledger.coverOf(_home, supplierA, METER);
        vm.assertEq(c.guaranteeFreeNano, 3 * EUR, "guarantee first");
        vm.assertEq(c.ownNano, EUR, "then the own part");
        vm.assertEq(free(_home), EUR, "free again");
        ledger.unlock(_home, supplierA, METER, 0);
        vm.assertEq(free(_home), EUR, "nothing for nothing");
    }

    function test_lockBoundedBy64Bits() public {
        uint256 max64 = type(uint64).max;
        _give(_home, 3 * (max64 - max64 % 1000));
        vm.assertEq(ledger.lockUpTo(_home, supplierA, METER, 3 * max64), max64, "no revert at the bound");
        vm.assertEq(ledger.lockUpTo(_home, supplierA, METER, 1), 0, "full");
        vm.assertEq(ledger.lockUpTo(_home, supplierA, METER + 1, 1), 1, "another meter has its own");
    }

    /* SETTLE */

    function test_settlePaysFromOwnThenGuarantee() public {
        _give(_home, 2 * EUR);
        _give(supplierA, 3 * EUR);
        vm.prank(supplierA);
        ledger.giveGuarantee(_home, METER, 3 * EUR);
        ledger.lockUpTo(_home, supplierA, METER, 5 * EUR);
        _settle(_entry(4 * EUR, 3 * EUR, 0, 0), 0, 0);
        ILedger.Cover memory c = ledger.coverOf(_home, supplierA, METER);
        vm.assertEq(c.ownNano, 0, "own part paid first");
        vm.assertEq(c.guaranteeLockedNano, EUR, "one paid, one freed");
        vm.assertEq(c.guaranteeFreeNano, EUR, "freed");
        vm.assertEq(locked(_home), 0, "locked");
        vm.assertEq(ledger.transitNano(M), int256(3 * EUR), "between buyers and sellers");
    }

    function test_settleRefusesToPayMoreThanReleased() public {
        _give(_home, 2 * EUR);
        ledger.lockUpTo(_home, supplierA, METER, EUR);
        vm.expectRevert(abi.encodeWithSelector(ILedger.PaysMoreThanReleased.selector, METER));
        _settle(_entry(EUR, EUR + 1, 0, 0), 0, 0);
    }

    function test_settleIncomeFeesAndNetwork() public {
        _give(_home, 2 * EUR);
        _give(supplierA, EUR);
        ledger.lockUpTo(_home, supplierA, METER, EUR);
        _settle(_entry(EUR, EUR, 0, -int256(EUR / 2)), int256(EUR / 4), 1000);
        vm.assertEq(free(_home), EUR / 2, "debited by the supplier");
        vm.assertEq(free(supplierA), EUR + EUR / 4, "passes the network charge on");
        vm.assertEq(free(gridOperator), EUR / 4, "operator");
        vm.assertEq(free(feeAccount), 1000, "fees");
        vm.assertEq(ledger.transitNano(M), int256(EUR - 1000), "rest in transit");
        _settle(_entry(0, 0, EUR - 1000, int256(EUR / 8)), -int256(EUR / 8), 0);
        vm.assertEq(ledger.transitNano(M), 0, "P6: nothing stays between them");
        vm.assertEq(free(gridOperator), EUR / 8, "a negative charge flows back");
        vm.assertEq(free(_home), EUR / 2 + EUR - 1000 + EUR / 8, "income and feed-in");
    }

    function test_shortfallBecomesAClaimAndNeverReverts() public {
        _settle(_entry(0, 0, 0, -int256(EUR)), int256(EUR / 2), 0);
        vm.assertEq(ledger.claimCount(), 2, "two claims");
        ILedger.Claim memory c = ledger.claim(1);
        vm.assertEq(c.debtor, _home, "debtor");
        vm.assertEq(c.creditor, supplierA, "creditor");
        vm.assertEq(c.openNano, EUR, "open");
        _give(_home, EUR / 4);
        vm.assertEq(ledger.payClaim(1), EUR / 4, "as far as it goes");
        vm.assertEq(ledger.claim(1).openNano, EUR - EUR / 4, "the rest stays open");
        vm.assertEq(free(supplierA), EUR / 4, "credited");
        vm.assertEq(ledger.payClaim(1), 0, "nothing to pay with");
        _give(_home, 2 * EUR);
        ledger.payClaim(1);
        vm.assertEq(ledger.payClaim(1), 0, "paid claims pay no more");
        vm.assertEq(free(_home), 2 * EUR - (EUR - EUR / 4), "rest is free");
        vm.expectRevert(abi.encodeWithSelector(ILedger.UnknownClaim.selector, uint256(3)));
        ledger.payClaim(3);
        vm.expectRevert(abi.encodeWithSelector(ILedger.UnknownClaim.selector, uint256(0)));
        ledger.payClaim(0);
    }

    function test_debitsBeforeCredits() public {
        // The supplier has nothing: what one home pays it is what it owes the other.
        address other = address(0xB2);
        _give(_home, EUR);
        ILedger.Entry[] memory entries = new ILedger.Entry[](2);
        entries[0] = ILedger.Entry(8, other, supplierA, 0, 0, 0, int256(EUR), 0, 0);
        entries[1] = ILedger.Entry(7, _home, supplierA, 0, 0, 0, -int256(EUR), 0, 0);
        ledger.settle(M, gridOperator, feeAccount, 0, entries, new ILedger.Network[](0));
        vm.assertEq(free(other), EUR, "credited after the debit");
        vm.assertEq(ledger.claimCount(), 0, "no claim");
    }

    function test_supplierThatOwnsAMeterOwesItselfNothing() public {
        ILedger.Entry memory e = _entry(0, 0, 0, -int256(EUR));
        e.account = supplierA;
        _settle(e, 0, 0);
        vm.assertEq(ledger.claimCount(), 0, "no claim against itself");
    }

    /// @dev P32 of the guarantee: however a settlement is cut, own part and guarantee end alike.
    function testFuzz_P32_releaseInAnyCut(
        uint64 own,
        uint64 guarantee,
        uint256 seed
    ) public {
        own = uint64(bound(own, 0, 1e15)) / 1000 * 1000;
        guarantee = uint64(bound(guarantee, 0, 1e15)) / 1000 * 1000;
        _give(_home, own);
        _give(supplierA, guarantee);
        vm.prank(supplierA);
        ledger.giveGuarantee(_home, METER, guarantee);
        uint256 total = ledger.lockUpTo(_home, supplierA, METER, type(uint128).max);
        vm.assertEq(total, uint256(own) + guarantee, "all is locked");
        seedChance(seed);
        uint256 a = chance(total + 1);
        uint256 b = total - a;
        uint256 payA = chance(a + 1);
        uint256 payB = chance(b + 1);
        uint256 before = vm.snapshotState();
        _settle(_entry(total, payA + payB, 0, 0), 0, 0);
        bytes32 whole = keccak256(abi.encode(ledger.accountOf(_home), ledger.coverOf(_home, supplierA, METER)));
        vm.revertToState(before);
        _settle(_entry(a, payA, 0, 0), 0, 0);
        _settle(_entry(b, payB, 0, 0), 0, 0);
        bytes32 cut = keccak256(abi.encode(ledger.accountOf(_home), ledger.coverOf(_home, supplierA, METER)));
        vm.assertEq(cut, whole, "P32: cuts make no difference");
    }

    /* CONTRACTS */

    function _contract(
        uint256 collateral,
        int256 nano
    ) private view returns (ILedger.Entry memory e) {
        e = _entry(0, 0, 0, 0);
        (e.collateralNano, e.contractNano) = (collateral, nano);
    }

    function test_P29_onlyForwardLocksCollateral() public {
        _give(_home, EUR);
        address[4] memory others = [stranger, address(this), registrar, _home];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(ILedger.NotForward.selector, others[i]));
            ledger.adjustCollateral(_home, 1);
        }
        vm.assertEq(locked(_home), 0, "nothing locked");
    }

    function test_P4_collateralComesFromFreeMoney() public {
        _give(_home, EUR);
        _give(supplierA, EUR);
        vm.prank(supplierA);
        ledger.giveGuarantee(_home, METER, EUR);
        vm.startPrank(FORWARD);
        vm.assertEq(ledger.adjustCollateral(_home, int256(EUR) + 1), -1, "a guarantee does not stand for it");
        vm.assertEq(locked(_home), 0, "and nothing was locked");
        vm.assertEq(ledger.adjustCollateral(_home, int256(EUR)), 0, "all of it");
        vm.assertEq(free(_home), 0, "taken");
        vm.assertEq(locked(_home), EUR, "locked");
        vm.assertEq(ledger.adjustCollateral(_home, 1), -1, "no more");
        vm.assertEq(ledger.adjustCollateral(_home, 0), 0, "nothing is there");
        vm.assertEq(ledger.adjustCollateral(_home, -int256(EUR / 4)), int256(EUR / 4), "released");
        vm.stopPrank();
        vm.assertEq(free(_home), EUR / 4, "free again");
        vm.assertEq(locked(_home), EUR - EUR / 4, "locked less");
        vm.prank(FORWARD);
        vm.expectRevert();
        ledger.adjustCollateral(_home, -int256(EUR));
    }

    function test_P6_contractsPayFromTheirCollateral() public {
        _give(_home, EUR);
        vm.prank(FORWARD);
        ledger.adjustCollateral(_home, int256(EUR));
        vm.expectEmit(address(ledger));
        emit ILedger.ContractSettled(M, METER, _home, EUR / 2, -int256(EUR / 2));
        _settle(_contract(EUR / 2, -int256(EUR / 2)), 0, 0);
        vm.assertEq(locked(_home), EUR / 2, "paid");
        vm.assertEq(free(_home), 0, "nothing came back");
        vm.assertEq(ledger.transitNano(M), int256(EUR / 2), "on its way");
        vm.expectRevert(abi.encodeWithSelector(ILedger.PaysMoreThanReleased.selector, METER));
        _settle(_contract(EUR / 4, -int256(EUR / 4) - 1), 0, 0);
        ILedger.Entry memory e = _contract(EUR / 2, int256(EUR / 2));
        // What was earned is there before the supplier takes its part.
        e.supplierNano = -int256(EUR);
        _settle(e, 0, 0);
        vm.assertEq(ledger.transitNano(M), 0, "P6: arrived");
        vm.assertEq(locked(_home) + free(_home), 0, "all paid");
        vm.assertEq(free(supplierA), EUR, "to the supplier");
        vm.assertEq(ledger.claimCount(), 0, "nothing owed");
    }

    /* ENERGY */

    function testFuzz_postingsSumToZero(
        uint256 seed
    ) public {
        seedChance(seed);
        int256[4][16] memory net;
        for (uint256 i; i < 20; ++i) {
            uint32 from = uint32(chance(4));
            uint32 to = uint32(chance(4));
            uint32 slot = uint32(100 + chance(16));
            uint32 wh = uint32(chance(1e6));
            vm.expectEmit(address(ledger));
            emit ILedger.EnergyPosted(from, to, slot, wh);
            ledger.postEnergy(from, to, slot, wh);
            net[slot - 100][from] -= int256(uint256(wh));
            net[slot - 100][to] += int256(uint256(wh));
        }
        for (uint32 slot = 100; slot < 116; ++slot) {
            int256 total;
            for (uint32 meter; meter < 4; ++meter) {
                int256 kept = int32(uint32(ledger.contractedWord(meter, slot / 8) >> ((slot % 8) * 32)));
                vm.assertEq(kept, net[slot - 100][meter], "net position");
                if (kept != 0) vm.assertTrue(ledger.hasPostings(meter, slot, 1), "never too narrow");
                total += kept;
            }
            vm.assertEq(total, 0, "each slot sums to zero");
        }
        vm.assertTrue(!ledger.hasPostings(9, 0, type(uint32).max), "nobody else");
    }

    function test_hasPostingsRange() public {
        ledger.postEnergy(1, 2, 100, 5);
        ledger.postEnergy(1, 2, 110, 5);
        vm.assertTrue(ledger.hasPostings(1, 90, 11), "touches the first");
        vm.assertTrue(!ledger.hasPostings(1, 90, 10), "ends before");
        vm.assertTrue(ledger.hasPostings(1, 110, 1), "the last");
        vm.assertTrue(!ledger.hasPostings(1, 111, 50), "begins after");
        vm.assertTrue(ledger.hasPostings(2, 105, 1), "may be too wide");
    }

    function test_positionsAreBounded() public {
        uint32 most = (1 << 26) - 1;
        ledger.postEnergy(1, 2, 100, most);
        vm.expectRevert(abi.encodeWithSelector(ILedger.TooMuchContracted.selector, uint32(1), uint32(100)));
        ledger.postEnergy(1, 3, 100, 1);
        vm.expectRevert(abi.encodeWithSelector(ILedger.TooMuchContracted.selector, uint32(2), uint32(100)));
        ledger.postEnergy(3, 2, 100, 1);
        ledger.postEnergy(2, 1, 100, 1);
        ledger.postEnergy(1, 2, 100, 1);
    }
}
