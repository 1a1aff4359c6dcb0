"""What no path scheme can do, with certificates: impossibility theorems and best guarantees."""

from proofs.impossibility.bound import RewardBound
from proofs.impossibility.guarantee import guaranteed_reward
from proofs.impossibility.trade_off import RewardTradeOff, reward_trade_off
from proofs.impossibility.vanishing import interior_rewards_vanish

__all__ = [
    "RewardBound",
    "RewardTradeOff",
    "guaranteed_reward",
    "interior_rewards_vanish",
    "reward_trade_off",
]
