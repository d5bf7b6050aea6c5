// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, MemberWord, Quote, StatedWord} from "../libraries/Packed.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Context} from "./Context.sol";
import {Core, Env, FIRST, IMPORTS, Member, PriceTable, RING, SECOND, State, WINDOW, WITHHELD_BUY} from "./Types.sol";

/// @title Stages: what may lower posted offers between posting and clearing
/// @notice Each stage of a market, in its order, takes equal Wh off one buy and one sell and posts the pair.
library Stages {
    /// @notice See ISettlement.lower.
    function lower(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 slot,
        uint32 buyMeter,
        uint32 sellMeter,
        uint32 wh
    ) external {
        Env memory env = Context.load(core, market);
        _requireStage(env, Context.windowOf(state, market, slot / WINDOW));
        _lowerOffer(state.lanes[market], env, buyMeter, slot, wh, false);
        _lowerOffer(state.lanes[market], env, sellMeter, slot, wh, true);
        core.ledger.postEnergy(sellMeter, buyMeter, slot, wh);
        emit ISettlement.Lowered(market, slot, buyMeter, sellMeter, wh);
    }

    /// @notice See ISettlement.finishStage.
    function finishStage(State storage state, Core memory core, bytes32 market, uint32 window) external {
        Env memory env = Context.load(core, market);
        ISettlement.Window memory w = Context.windowOf(state, market, window);
        require(w.phase == ISettlement.Phase.Open, ISettlement.WrongPhase(window, w.phase));
        require(w.stage < env.params.stages.length, ISettlement.NothingToDo());
        uint256 over = Context.windowEnd(env, window) + env.params.postSeconds
            + uint256(env.params.stageSeconds) * (w.stage + 1);
        if (block.timestamp < over) _requireStage(env, w);
        state.windows[market][window % RING].stage = w.stage + 1;
        emit ISettlement.StageFinished(market, window, w.stage);
    }

    /* INTERNAL: STAGES */

    function _requireStage(Env memory env, ISettlement.Window memory w) private view {
        require(w.phase == ISettlement.Phase.Open, ISettlement.WrongPhase(w.window, w.phase));
        require(Context.postingOver(env, w.window), ISettlement.StagePending(w.window, w.stage));
        require(
            w.stage < env.params.stages.length && env.params.stages[w.stage] == msg.sender,
            ISettlement.NotStage(msg.sender)
        );
    }

    /// @dev Takes `wh` off one offer and frees what stood locked for it; the metered import stays on record.
    function _lowerOffer(
        mapping(uint256 => LaneWord) storage lanes,
        Env memory env,
        uint32 meter,
        uint256 slot,
        uint256 wh,
        bool sell
    ) private {
        PriceTable memory table = Context.newTable(slot, 1);
        Member memory m;
        (MemberWord member, StatedWord stated) = env.core.markets.packedMember(env.market, meter, uint32(slot));
        require(MemberWord.unwrap(member) != 0, IMarkets.NotAMember(env.market, meter));
        require(stated.isActive(), ISettlement.MoreThanPosted(meter, uint32(slot)));
        Context.fill(env, table, m, member, stated);
        (uint256 window, uint256 lane) = (slot / WINDOW, slot % WINDOW);
        LaneWord word = lanes[Context.laneKey(m.index, window, FIRST)];
        require(word.isWindow(window), ISettlement.MoreThanPosted(meter, uint32(slot)));
        if (!word.has(LaneWords.IMPORTS)) word = _recordImports(lanes, env, m.index, window, word);
        uint256 layer = FIRST;
        (uint256 offered, uint256 side) = word.lane(lane);
        if (sell && side == TickBook.BUY && word.has(LaneWords.SECOND)) {
            layer = SECOND;
            (offered, side) = lanes[Context.laneKey(m.index, window, SECOND)].lane(lane);
        }
        require(
            (side == TickBook.SELL) == sell && offered >= wh, ISettlement.MoreThanPosted(meter, uint32(slot))
        );
        uint256 key = Context.laneKey(m.index, window, layer);
        lanes[key] = lanes[key].lowered(lane, wh);
        Quote quote = Context.quoteAt(env, table, m, 0);
        uint256 nano = wh * (sell ? quote.sellLock() : quote.buyLock());
        env.core.ledger.unlock(m.owner, table.suppliers[m.tariff], meter, nano);
    }

    /// @dev Keeps what was imported before offers and imports part ways: what was offered or withheld to buy, or what
    /// contracts and offers together say.
    function _recordImports(
        mapping(uint256 => LaneWord) storage lanes,
        Env memory env,
        uint256 index,
        uint256 window,
        LaneWord word
    ) private returns (LaneWord flagged) {
        uint32[] memory indices = new uint32[](1);
        indices[0] = uint32(index);
        uint256 contracts = env.core.forward.contractsOf(env.market, indices, uint32(window), 1)[0];
        uint256 offers = LaneWord.unwrap(word) & (LaneWords.VOLUMES | LaneWords.SIDES);
        if (contracts != 0) offers = LaneWords.together(offers, contracts);
        (uint256 imports,) = LaneWords.parted(offers);
        if (word.has(LaneWords.WITHHELD_BUY)) {
            imports += LaneWord.unwrap(lanes[Context.laneKey(index, window, WITHHELD_BUY)]) & LaneWords.VOLUMES;
        }
        flagged = word.with(LaneWords.IMPORTS);
        lanes[Context.laneKey(index, window, FIRST)] = flagged;
        lanes[Context.laneKey(index, window, IMPORTS)] = LaneWords.empty(window).with(imports);
    }
}
