// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title TestCurrency: money without value, for tests and demonstrations
/// @notice Six decimals and ERC-2612 permits like the stablecoins that a deployment would name. Anybody can mint.
contract TestCurrency is ERC20Permit {
    constructor(string memory name_, string memory symbol_) ERC20(name_, symbol_) ERC20Permit(name_) {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Makes `amount` of the smallest unit out of nothing.
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}
