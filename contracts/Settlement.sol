// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IForwardAuction} from "./interfaces/IForwardAuction.sol";
import {ILedger} from "./interfaces/ILedger.sol";
import {ILevels} from "./interfaces/ILevels.sol";
import {IMarkets} from "./interfaces/IMarkets.sol";
import {IMetering} from "./interfaces/IMetering.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {ITariffs} from "./interfaces/ITariffs.sol";
import {LaneWord, ResultWord} from "./libraries/Packed.sol";
import {Pairs} from "./libraries/Pairs.sol";
import {Records} from "./libraries/Records.sol";
import {Adopting} from "./settlement/Adopting.sol";
import {Clearing} from "./settlement/Clearing.sol";
import {Context} from "./settlement/Context.sol";
import {Offers} from "./settlement/Offers.sol";
import {Posting} from "./settlement/Posting.sol";
import {Reference, References} from "./settlement/References.sol";
import {Runs} from "./settlement/Runs.sol";
import {Settling} from "./settlement/Settling.sol";
import {Stages} from "./settlement/Stages.sol";
import {Tally} from "./settlement/Tally.sol";
import {Voiding} from "./settlement/Voiding.sol";
import {Core, RING as RING_WINDOWS, State, WINDOW} from "./settlement/Types.sol";

/// @title Settlement
/// @notice What it promises, what it assumes and who may call: ISettlement.
/// @dev Storage and entry points. The phases are linked libraries that work on this storage, one file each under
/// settlement/: Posting -> Clearing -> Adopting -> Settling -> Runs, and Tally; Context and Account are shared.
contract Settlement is ISettlement {
    uint32 public constant RING = uint32(RING_WINDOWS);

    /* IMMUTABLES */

    IRegistry public immutable registry;
    ITariffs public immutable tariffs;
    ILedger public immutable ledger;
    IMetering public immutable metering;
    IMarkets public immutable markets;
    IForwardAuction public immutable forward;
    ILevels public immutable levels;
    uint256 private immutable _slotSeconds;

    /* STORAGE */

    State private _state;

    /* CONSTRUCTOR */

    constructor(
        IRegistry registry_,
        ITariffs tariffs_,
        ILedger ledger_,
        IMetering metering_,
        IMarkets markets_,
        IForwardAuction forward_,
        ILevels levels_
    ) {
        registry = registry_;
        tariffs = tariffs_;
        ledger = ledger_;
        metering = metering_;
        markets = markets_;
        forward = forward_;
        levels = levels_;
        _slotSeconds = registry_.slotSeconds();
    }

    /* THREE PHASES */

    /// @inheritdoc ISettlement
    function postReadings(bytes32 market, IMetering.Reading[] calldata readings)
        external
        returns (IMetering.Outcome[] memory)
    {
        uint256 state;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            state := _state.slot
        }
        bytes memory core = abi.encode(_core());
        bytes memory call = abi.encodePacked(
            Posting.postReadings.selector, state, core, market, 3 * 32 + core.length, Records.raw(readings)
        );
        return abi.decode(Address.functionDelegateCall(address(Posting), call), (IMetering.Outcome[]));
    }

    /// @inheritdoc ISettlement
    function clear(
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external {
        Offers.check(_state, market, firstWindow, windows, offers);
        Clearing.clear(_state, _core(), market, firstWindow, windows, maxMembers, offers);
    }

    /// @inheritdoc ISettlement
    function settle(
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external {
        Offers.check(_state, market, firstWindow, windows, offers);
        Settling.settle(_state, _core(), market, firstWindow, windows, maxMembers, offers);
    }

    /// @inheritdoc ISettlement
    function clearAndSettle(
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external {
        Offers.check(_state, market, firstWindow, windows, offers);
        Clearing.clear(_state, _core(), market, firstWindow, windows, type(uint32).max, offers);
        Settling.settle(_state, _core(), market, firstWindow, windows, maxMembers, offers);
    }

    /// @inheritdoc ISettlement
    function voidWindow(bytes32 market, uint32 window) external {
        Voiding.voidWindow(_state, _core(), market, window);
    }

    /* LEVELS */

    /// @inheritdoc ISettlement
    function adopt(bytes32 market, uint32 window, Added calldata added)
        external
        returns (int256 owedNano, uint256 roundingNano, address feeAccount)
    {
        return Adopting.adopt(_state, _core(), market, window, added);
    }

    /// @inheritdoc ISettlement
    function passOver(bytes32 market, uint32 window) external {
        Adopting.passOver(_state, _core(), market, window);
    }

    /* RUNS */

    /// @inheritdoc ISettlement
    function correct(
        bytes32 market,
        IMetering.Correction calldata correction,
        IMetering.Reading[] calldata records,
        SettledEvidence calldata evidence
    ) external {
        Runs.correct(_state, _core(), market, correction, records, evidence);
    }

    /// @inheritdoc ISettlement
    function estimate(
        bytes32 market,
        uint32 meter,
        uint32 firstSlot,
        uint16 slots,
        IMetering.Reading[] calldata records
    ) external {
        Runs.estimate(_state, _core(), market, meter, firstSlot, slots, records);
    }

    /// @inheritdoc ISettlement
    function tally(
        bytes32 market,
        uint32 day,
        uint32 fromIndex,
        IMetering.Reading[][] calldata records,
        IMetering.Reading[] calldata boundaryRecords
    ) external {
        Tally.tally(_state, _core(), market, day, fromIndex, records, boundaryRecords);
    }

    /* STAGES */

    /// @inheritdoc ISettlement
    function lower(bytes32 market, uint32 slot, uint32 buyMeter, uint32 sellMeter, uint32 wh) external {
        Stages.lower(_state, _core(), market, slot, buyMeter, sellMeter, wh);
    }

    /// @inheritdoc ISettlement
    function finishStage(bytes32 market, uint32 window) external {
        Stages.finishStage(_state, _core(), market, window);
    }

    /* VIEWS */

    /// @inheritdoc ISettlement
    function windowState(bytes32 market, uint32 window) external view returns (Window memory) {
        return Context.windowOf(_state, market, window);
    }

    /// @inheritdoc ISettlement
    function resultOf(bytes32 market, uint32 slot) external view returns (Result memory) {
        (ResultWord r,) = _resultsAt(market, slot);
        return _unpacked(r);
    }

    /// @inheritdoc ISettlement
    function sellResultOf(bytes32 market, uint32 slot) external view returns (Result memory) {
        (, ResultWord r) = _resultsAt(market, slot);
        return _unpacked(r);
    }

    /// @inheritdoc ISettlement
    function lanesOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256[5] memory words) {
        uint32 index = markets.memberByMeter(market, meter, window * uint32(WINDOW)).index;
        for (uint256 layer; layer < 5; ++layer) {
            LaneWord word = _state.lanes[market][Context.laneKey(index, window, layer)];
            if (word.isWindow(window)) words[layer] = LaneWord.unwrap(word);
        }
    }

    /// @inheritdoc ISettlement
    function offersHash(bytes32 market, uint32 window) external view returns (bytes32) {
        return Offers.hashOf(_state, market, window);
    }

    /// @inheritdoc ISettlement
    function unreadOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256) {
        return _state.unread[market][meter][window];
    }

    /// @inheritdoc ISettlement
    function estimateOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256[2] memory) {
        return _state.estimates[market][meter][window];
    }

    /// @inheritdoc ISettlement
    function rootOf(bytes32 market, uint32 firstWindow, uint32 fromIndex) external view returns (bytes32) {
        return _state.roots[market][(uint256(firstWindow) << 32) | fromIndex];
    }

    /// @inheritdoc ISettlement
    function tallyOf(bytes32 market, uint32 day) external view returns (DayTally memory) {
        return _state.tallies[market][day];
    }

    /// @inheritdoc ISettlement
    function finalAt(bytes32 market, uint32 window) external view returns (uint64) {
        return uint64(Context.finalAt(_state, Context.load(_core(), market), window));
    }

    /// @inheritdoc ISettlement
    function referenceAt(bytes32 market, uint32 slot)
        external
        view
        returns (int32 retailNano, int32 feedInNano, int32 priceNano, bool defined)
    {
        Reference memory ref;
        (ref, priceNano, defined) = References.inSlot(_core(), market, slot);
        return (ref.retailNano, ref.feedInNano, priceNano, defined);
    }

    /* INTERNAL */

    function _resultsAt(bytes32 market, uint32 slot) private view returns (ResultWord, ResultWord) {
        Window memory w = Context.windowOf(_state, market, slot / WINDOW);
        require(w.phase >= Phase.Cleared, WrongPhase(w.window, w.phase));
        uint256 place = Context.resultPlace(w.window, slot % WINDOW);
        return Pairs.get(_state.results[market], _state.sellResults[market], place);
    }

    function _unpacked(ResultWord r) private pure returns (Result memory) {
        return Result(
            r.traded(),
            int32(r.price()),
            uint48(r.matchedWh()),
            uint8(r.buyTick()),
            uint8(r.sellTick()),
            r.buyRationed(),
            uint48(r.fillWh()),
            uint48(r.liveWh()),
            uint48(r.carry()),
            r.isIsland()
        );
    }

    function _core() private view returns (Core memory) {
        return Core(registry, tariffs, ledger, metering, markets, forward, levels, _slotSeconds);
    }
}
