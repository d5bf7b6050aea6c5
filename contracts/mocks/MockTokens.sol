// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title MockToken: an honest token with any number of decimals (tests only)
contract MockToken is ERC20 {
    uint8 private immutable _decimals;

    constructor(
        uint8 decimals_
    ) ERC20("Mock", "MOCK") {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(
        address account,
        uint256 amount
    ) external {
        _mint(account, amount);
    }
}

/// @title FeeToken: keeps one percent of every transfer (tests only)
contract FeeToken is MockToken {
    constructor() MockToken(6) {}

    function _update(
        address from,
        address to,
        uint256 value
    ) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        super._update(from, to, value - value / 100);
        super._update(from, address(0), value / 100);
    }
}

/// @title BlockingToken: refuses transfers to one account (tests only)
contract BlockingToken is MockToken {
    address public blocked;

    error Blocked(address account);

    constructor() MockToken(6) {}

    function setBlocked(
        address account
    ) external {
        blocked = account;
    }

    function _update(
        address from,
        address to,
        uint256 value
    ) internal override {
        require(to != blocked || to == address(0), Blocked(to));
        super._update(from, to, value);
    }
}

/// @title ReentrantToken: calls a target in the middle of a transfer (tests only)
contract ReentrantToken is MockToken {
    address public target;
    bytes public data;
    bool public reentered;
    bytes public answer;

    constructor() MockToken(6) {}

    function attack(
        address target_,
        bytes calldata data_
    ) external {
        (target, data) = (target_, data_);
        reentered = false;
    }

    function _update(
        address from,
        address to,
        uint256 value
    ) internal override {
        super._update(from, to, value);
        if (target == address(0)) return;
        address once = target;
        target = address(0);
        // solhint-disable-next-line avoid-low-level-calls
        (reentered, answer) = once.call(data);
    }
}

/// @title BareToken: returns nothing, or false, as some tokens do (tests only)
contract BareToken {
    uint8 public constant decimals = 6;
    bool public immutable says;
    bool public immutable silent;
    bool public refuses;
    mapping(address account => uint256) public balanceOf;

    constructor(
        bool silent_,
        bool says_
    ) {
        (silent, says) = (silent_, says_);
    }

    function setRefuses(
        bool refuses_
    ) external {
        refuses = refuses_;
    }

    function mint(
        address account,
        uint256 amount
    ) external {
        balanceOf[account] += amount;
    }

    function transfer(
        address to,
        uint256 amount
    ) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(
        address from,
        address to,
        uint256 amount
    ) external {
        _move(from, to, amount);
    }

    function _move(
        address from,
        address to,
        uint256 amount
    ) private {
        if (!refuses) {
            balanceOf[from] -= amount;
            balanceOf[to] += amount;
        }
        if (silent) return;
        bool answer = says && !refuses;
        // Returned by hand, so that one function can be silent or speak.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0, answer)
            return(0, 32)
        }
    }
}

/// @title RebasingToken: all balances are multiplied at once, up or down, as some tokens do (tests only)
contract RebasingToken {
    uint8 public constant decimals = 6;
    /// @dev What a share is worth, in millionths.
    uint256 public indexPpm = 1_000_000;
    mapping(address account => uint256) private _shares;

    function rebase(
        uint256 indexPpm_
    ) external {
        indexPpm = indexPpm_;
    }

    function mint(
        address account,
        uint256 amount
    ) external {
        _shares[account] += (amount * 1_000_000) / indexPpm;
    }

    function balanceOf(
        address account
    ) public view returns (uint256) {
        return (_shares[account] * indexPpm) / 1_000_000;
    }

    function transfer(
        address to,
        uint256 amount
    ) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(
        address from,
        address to,
        uint256 amount
    ) external returns (bool) {
        return _move(from, to, amount);
    }

    function _move(
        address from,
        address to,
        uint256 amount
    ) private returns (bool) {
        uint256 shares = (amount * 1_000_000) / indexPpm;
        _shares[from] -= shares;
        _shares[to] += shares;
        return true;
    }
}
