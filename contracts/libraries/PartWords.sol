// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What one auction fills of one slot and side of an area, in one word, least significant bit first:
///   0..31 price, charges included (int32) | 32..39 last tick | 40..42 slot | 43 sells | 44..47 how many levels above |
///   48..95 filled at the last tick | 96..143 left there before | 144..191 filled in all | 192..239 carry
/// Volumes in lots. Better limits are filled wholly. In a list the nearest level comes first, so what one leaves is
/// what the next one finds.
type PartWord is uint256;

using PartWords for PartWord global;

library PartWords {
    uint256 private constant LOTS = (1 << 48) - 1;
    uint256 private constant SELLS = 1 << 43;

    /// @notice A part of an area's own auction, in which `fill` of `left` lots are filled at the last tick.
    function pack(
        uint256 slot,
        uint256 side,
        int256 priceNano,
        uint256 tick_,
        uint256 fill_,
        uint256 left_,
        uint256 lots_
    ) internal pure returns (PartWord) {
        return PartWord.wrap(
            uint256(uint32(int32(priceNano))) | (tick_ << 32) | (slot << 40) | (side << 43) | (fill_ << 48)
                | (left_ << 96) | (lots_ << 144)
        );
    }

    function price(PartWord word) internal pure returns (int256) {
        return int32(uint32(PartWord.unwrap(word)));
    }

    function tick(PartWord word) internal pure returns (uint256) {
        return (PartWord.unwrap(word) >> 32) & 0xff;
    }

    /// @notice Slot and side together: slot * 2 + 1 where it sells.
    function lane(PartWord word) internal pure returns (uint256) {
        uint256 raw = PartWord.unwrap(word);
        return ((raw >> 39) & 0xe) | ((raw >> 43) & 1);
    }

    function slotOf(PartWord word) internal pure returns (uint256) {
        return (PartWord.unwrap(word) >> 40) & 7;
    }

    function sells(PartWord word) internal pure returns (bool) {
        return PartWord.unwrap(word) & SELLS != 0;
    }

    /// @notice Edges between the area and the one whose auction it is: zero for its own.
    function edges(PartWord word) internal pure returns (uint256) {
        return (PartWord.unwrap(word) >> 44) & 0xf;
    }

    function fill(PartWord word) internal pure returns (uint256) {
        return (PartWord.unwrap(word) >> 48) & LOTS;
    }

    function left(PartWord word) internal pure returns (uint256) {
        return (PartWord.unwrap(word) >> 96) & LOTS;
    }

    function lots(PartWord word) internal pure returns (uint256) {
        return (PartWord.unwrap(word) >> 144) & LOTS;
    }

    function carry(PartWord word) internal pure returns (uint256) {
        return (PartWord.unwrap(word) >> 192) & LOTS;
    }

    function withCarry(PartWord word, uint256 carry_) internal pure returns (PartWord) {
        return PartWord.wrap((PartWord.unwrap(word) & ~(LOTS << 192)) | (carry_ << 192));
    }

    /// @notice Whether a limit is filled before the last tick.
    function isBetter(PartWord word, uint256 tick_) internal pure returns (bool) {
        return word.sells() ? tick_ < word.tick() : tick_ > word.tick();
    }

    /// @notice Whether some at the last tick go without.
    function isRationed(PartWord word) internal pure returns (bool) {
        return word.fill() != word.left();
    }

    /// @notice The same auction seen from a child: what it fills there, and the price with the charge of its edge.
    function below(
        PartWord word,
        int256 chargeNano,
        uint256 tick_,
        uint256 fill_,
        uint256 left_,
        uint256 lots_
    ) internal pure returns (PartWord) {
        int256 priceNano = word.sells() ? word.price() - chargeNano : word.price() + chargeNano;
        uint256 side = word.sells() ? 1 : 0;
        PartWord own = pack(word.slotOf(), side, priceNano, tick_, fill_, left_, lots_);
        return PartWord.wrap(PartWord.unwrap(own) | ((word.edges() + 1) << 44));
    }
}
