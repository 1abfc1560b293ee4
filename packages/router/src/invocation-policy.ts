// Which callee of a shared registration gets the next call (RPC-120 … RPC-123).

import type { InvocationPolicy, Random } from '@crosspoint/protocol'

/** The index of the chosen callee among `count` of them in registration order; `turn` is the one after the last chosen. */
export function chooseCallee(policy: InvocationPolicy, count: number, turn: number, random: Random): number {
  switch (policy) {
    case 'single':
    case 'first':
      return 0
    case 'last':
      return count - 1
    case 'roundrobin':
      return turn % count
    case 'random':
      return random.below(count)
  }
}
