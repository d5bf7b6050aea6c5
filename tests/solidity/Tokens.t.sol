// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {MockToken, RebasingToken} from "../../contracts/mocks/MockTokens.sol";
import {Shipped} from "./Shipped.sol";

/// @dev T19: what tokens do that the ledger does not expect: refused, or nobody loses what is on his account. Tokens
/// that return nothing, return false, take a fee, block accounts or call back are in ILedger.t.sol.
contract TokensTest is Shipped {
    uint256 private constant EUR = 1e9;
    address private constant HOME = address(0xB1);
    address private constant NEIGHBOUR = address(0xB2);

    function _with(
        address token
    ) private returns (ILedger) {
        return ILedger(ship("Ledger", abi.encode(token, address(this), address(0xF0), address(0x1E))));
    }

    function _rebasing() private returns (RebasingToken token, ILedger ledger) {
        token = new RebasingToken();
        ledger = _with(address(token));
        token.mint(address(this), 10e6);
    }

    function test_P1_T19_rebaseUpwardIsNobodys() public {
        (RebasingToken token, ILedger ledger) = _rebasing();
        ledger.deposit(HOME, 4 * EUR);
        token.rebase(1_100_000);
        vm.assertEq(ledger.accountOf(HOME).freeNano, 4 * EUR, "as it was");
        vm.prank(HOME);
        ledger.withdraw(HOME, 3 * EUR);
        vm.assertEq(ledger.heldNano(), EUR, "what is left");
        vm.assertTrue(token.balanceOf(address(ledger)) >= 1e6, "covered");
    }

    function test_P1_T19_rebaseDownwardIsNotSharedOut() public {
        (RebasingToken token, ILedger ledger) = _rebasing();
        ledger.deposit(HOME, 2 * EUR);
        ledger.deposit(NEIGHBOUR, 2 * EUR);
        token.rebase(500_000);
        vm.prank(HOME);
        ledger.withdraw(HOME, 2 * EUR);
        // Nothing is there for him any more; his account says so for ever, and a refill pays him.
        vm.prank(NEIGHBOUR);
        vm.expectRevert();
        ledger.withdraw(NEIGHBOUR, 2 * EUR);
        vm.assertEq(ledger.accountOf(NEIGHBOUR).freeNano, 2 * EUR, "not debited");
        token.mint(address(ledger), 2e6);
        vm.prank(NEIGHBOUR);
        ledger.withdraw(NEIGHBOUR, 2 * EUR);
        vm.assertEq(ledger.heldNano(), 0, "both have left");
    }

    function test_T19_depositThatLosesAUnitIsRefused() public {
        (RebasingToken token, ILedger ledger) = _rebasing();
        token.rebase(1_000_007);
        vm.expectRevert(abi.encodeWithSelector(ILedger.TokenTookFee.selector, uint256(1e6), uint256(1e6 - 1)));
        ledger.deposit(HOME, EUR);
        vm.assertEq(ledger.heldNano(), 0, "nothing credited");
    }

    function test_T19_decimals() public {
        uint8[4] memory taken = [0, 9, 18, 27];
        for (uint256 i; i < taken.length; ++i) {
            MockToken token = new MockToken(taken[i]);
            ILedger ledger = _with(address(token));
            uint256 units = 3 * 10 ** taken[i];
            token.mint(address(this), units);
            token.approve(address(ledger), units);
            ledger.deposit(HOME, 3 * EUR);
            vm.assertEq(token.balanceOf(address(ledger)), units, "tokens in");
            vm.prank(HOME);
            ledger.withdraw(HOME, EUR);
            vm.assertEq(token.balanceOf(HOME), units / 3, "tokens out");
        }
        MockToken whole = new MockToken(0);
        ILedger coarse = _with(address(whole));
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotRepresentable.selector, EUR / 2, EUR));
        coarse.deposit(HOME, EUR / 2);
        MockToken fine = new MockToken(28);
        vm.expectRevert(abi.encodeWithSelector(ILedger.TokenDecimalsNotSupported.selector, uint8(28)));
        _with(address(fine));
    }
}
