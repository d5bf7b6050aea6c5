// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @dev Campaigns over the whole market. One function checks all properties, since each has a campaign of its own.
contract MarketInvariantTest is Base {
    MarketHandler private _handler;

    function setUp() public {
        _handler = new MarketHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), _handler.selectors());
    }

    /// @dev P8, P9, P10, P14, P18, P23, P24 and P25 are asserted by the handler as it goes.
    function invariant_P1_P2_P4_P6_P8_P9_P10_P14_P18_P19_P20_P21_P23_P24_P25() external {
        _handler.checkOrders();
        _handler.checkMoney();
        _handler.checkRegisters();
    }

    /// @dev At the end of every run: half of the calls did something, and everything can be brought to its end.
    function afterInvariant() external {
        (uint256 called, uint256 effective) = _handler.totals();
        vm.assertGe(2 * effective, called, "at least half of the calls had an effect");
        _handler.finish();
    }

    /// @dev One long run in which every action occurs at least 100 times.
    function test_P5_P16_longCampaign() public {
        bytes4[] memory selectors = _handler.selectors();
        for (uint256 i; i < 6500; ++i) {
            (bool ok, bytes memory answer) = address(_handler)
                .call(abi.encodeWithSelector(selectors[chance(selectors.length)], chance(type(uint256).max)));
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
            if (i % 50 == 0) {
                _handler.checkOrders();
                _handler.checkMoney();
                _handler.checkRegisters();
            }
        }
        string[19] memory names = [
            "passTime",
            "postNext",
            "fillGap",
            "repost",
            "clearSome",
            "settleSome",
            "clearAndSettleSome",
            "giveUp",
            "deposit",
            "withdraw",
            "giveGuarantee",
            "returnGuarantee",
            "payClaim",
            "changeTerms",
            "orderAhead",
            "scheduleAhead",
            "cancelAhead",
            "clearAhead",
            "voidAhead"
        ];
        for (uint256 i; i < selectors.length; ++i) {
            emit log_named_uint(names[i], _handler.effects(i));
            vm.assertGe(_handler.effects(i), 100, names[i]);
        }
        (uint256 called, uint256 effective) = _handler.totals();
        emit log_named_uint("calls", called);
        emit log_named_uint("with an effect", effective);
        emit log_named_uint("slots that traded", _handler.slotsTraded());
        vm.assertGe(2 * effective, called, "at least half of the calls had an effect");
        emit log_named_uint("slots that traded ahead", _handler.slotsTradedAhead());
        vm.assertGe(_handler.slotsTraded(), 300, "slots that traded");
        vm.assertGe(_handler.slotsTradedAhead(), 100, "slots that traded ahead");
        _handler.checkMoney();
        _handler.finish();
    }
}
