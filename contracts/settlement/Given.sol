// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord} from "../libraries/Packed.sol";
import {Words} from "../libraries/Words.sol";
import {Context} from "./Context.sol";
import {FIRST, RING, State} from "./Types.sol";

/// @title Given: what members have posted, handed in again when a window is settled
/// @notice A window that awaits the levels above is settled long after it was cleared, and reading a word of storage
/// anew costs more than handing it in. So the hash of the first lane words of all members, the window in front, is
/// kept where one call has cleared the window; they do not change any more.
library Given {
    using Words for uint256[];

    /// @dev Keeps the hashes of windows that a call with so many member-windows may have sent up.
    function note(State storage state, bytes32 market, uint256 firstWindow, uint256 windows, uint256 maxMembers)
        internal
    {
        if (windows > RING) windows = RING;
        mapping(uint256 => LaneWord) storage lanes = state.lanes[market];
        for (uint256 window = firstWindow; window < firstWindow + windows; ++window) {
            ISettlement.Window memory w = Context.windowOf(state, market, window);
            // Of a larger market the words of the steps before would have to be read anew.
            if (w.phase != ISettlement.Phase.Awaiting || w.members > maxMembers) continue;
            uint256[] memory words = new uint256[](uint256(w.members) + 1);
            words.set(0, window);
            uint256 key = Context.laneKey(0, window, FIRST);
            // Members have 32 bits.
            unchecked {
                for (uint256 place = 1; place < words.length; ++place) {
                    uint256 word = LaneWord.unwrap(lanes[key]);
                    if (word >> 236 == window) words.set(place, word);
                    key += Context.NEXT_INDEX;
                }
            }
            state.laneHashes[market][window % RING] = _hash(words);
        }
    }

    /// @dev Whether these are the words of all members in each of the windows, one window after the other.
    function check(
        State storage state,
        bytes32 market,
        uint256 firstWindow,
        uint256 windows,
        uint256[] calldata given
    ) internal view {
        require(windows != 0, ISettlement.NothingToDo());
        uint256 members = given.length / windows;
        uint256[] memory words = new uint256[](members + 1);
        for (uint256 i; i < windows; ++i) {
            words[0] = firstWindow + i;
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                let size := shl(5, members)
                calldatacopy(add(words, 0x40), add(given.offset, mul(i, size)), size)
            }
            require(
                given.length == members * windows
                    && state.laneHashes[market][(firstWindow + i) % RING] == _hash(words),
                ISettlement.WrongLanes(uint32(firstWindow + i))
            );
        }
    }

    /// @dev Nothing is handed in.
    function none() internal pure returns (uint256[] calldata given) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            given.offset := 0
            given.length := 0
        }
    }

    function _hash(uint256[] memory words) private pure returns (bytes32 hash) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            hash := keccak256(add(words, 0x20), shl(5, mload(words)))
        }
    }
}
