// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWords} from "../libraries/Packed.sol";
import {Words} from "../libraries/Words.sol";
import {Context} from "./Context.sol";
import {RING, State} from "./Types.sol";

/// @title Offers: whole windows of members, kept as one hash
/// @notice Most of what is posted is a whole window of one meter, all of it offered. To write it down word by word,
/// and to read it again when it is cleared and when it is settled, would be the dearest part of a reading. So a window
/// keeps one hash over all such words, each over the one before, in the order in which they came; the words themselves
/// are in the log (`ISettlement.Offered`). Whoever clears or settles hands them in again, all of them, and what is not
/// exactly what was offered is refused.
/// @dev An offer is the place of the member (its index and one) above the eight lanes of a LaneWord.
library Offers {
    using Words for uint256[];

    /// @dev Members whose windows are kept so, by their index: a transaction that hands in all offers of a window stays
    /// below the 128 KB that nodes take. What others post is written down.
    uint256 internal constant MEMBERS = 3000;
    uint256 private constant PLACE = 224;
    uint256 private constant WHOLE = 0xff << PLACE;

    /// @notice The offer of a member with a lane word that is posted whole and has one layer.
    function from(uint256 index, uint256 word) internal pure returns (uint256) {
        unchecked {
            return ((index + 1) << PLACE) | (word & LaneWords.LANES_MASK);
        }
    }

    /// @notice The hash with one more offer.
    function add(bytes32 hash, uint256 offer) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(hash, bytes32(offer));
    }

    /// @notice The hash of a window; zero where nothing was offered so.
    function hashOf(State storage state, bytes32 market, uint256 window) internal view returns (bytes32) {
        bool absent = Context.windowOf(state, market, window).phase == ISettlement.Phase.Absent;
        return absent ? bytes32(0) : state.offers[market][window % RING];
    }

    /// @notice Refuses what is not all that was offered in each of the windows, one after the other.
    function check(
        State storage state,
        bytes32 market,
        uint256 firstWindow,
        uint256 windows,
        uint256[][] calldata offers
    ) internal view {
        require(offers.length == windows, ISettlement.WrongOffers(uint32(firstWindow)));
        for (uint256 i; i < windows; ++i) {
            uint256[] calldata offered = offers[i];
            bytes32 hash;
            unchecked {
                for (uint256 k; k < offered.length; ++k) hash = add(hash, offered.read(k));
            }
            require(
                hash == hashOf(state, market, firstWindow + i), ISettlement.WrongOffers(uint32(firstWindow + i))
            );
        }
    }

    /// @notice Lays offers that were checked out as lane words of a window, by the index of the member from `begin` on.
    function lay(uint256[] calldata offered, uint256[] memory words, uint256 begin, uint256 window) internal pure {
        uint256 top = (window << 236) | WHOLE;
        // Places begin with one.
        unchecked {
            for (uint256 k; k < offered.length; ++k) {
                uint256 offer = offered.read(k);
                words.set(begin + (offer >> PLACE) - 1, top | (offer & LaneWords.LANES_MASK));
            }
        }
    }
}
