// Chance as the router and the client see it: a door, so that a seed replays a run exactly.

export interface Random {
  /** A global-scope id: uniform over 1 … 2^53-1 (ID-02; 2^53 itself is left out because it is no safe integer, ID-13). */
  id(): number
  /** A whole number, uniform over 0 … n-1. */
  below(n: number): number
}
