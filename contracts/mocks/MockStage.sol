// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";

/// @title MockStage: a stage of a market that lowers what it is told to (tests only)
contract MockStage {
    ISettlement public settlement;

    function bind(
        ISettlement settlement_
    ) external {
        settlement = settlement_;
    }

    function lower(
        bytes32 market,
        uint32 slot,
        uint32 buyMeter,
        uint32 sellMeter,
        uint32 wh
    ) external {
        settlement.lower(market, slot, buyMeter, sellMeter, wh);
    }

    function finish(
        bytes32 market,
        uint32 window
    ) external {
        settlement.finishStage(market, window);
    }
}
