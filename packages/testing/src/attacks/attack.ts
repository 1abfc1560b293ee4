// What an attack is: something that is tried, and what must come of it. Each is a function that says what came of it, or throws when
// the attack succeeded or went otherwise; docs/attacks.md is the table of all of them.

export interface Attack {
  /** What kind of attack it is; the table has a chapter for each. */
  readonly group: string
  readonly name: string
  /** What the attacker has and does. */
  readonly tried: string
  /** What stands against it, in words for people. */
  readonly defence: string
  /** What came of it, the same each time; throws when it is not what it must be. */
  run(): string | Promise<string>
}

/** An attack that went otherwise than it must. */
export class AttackSucceeded extends Error {
  override readonly name = 'AttackSucceeded'
}

/** Throws unless `holds`. */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new AttackSucceeded(otherwise)
}

/** Throws unless both have the same JSON. */
export function mustEqual(actual: unknown, wanted: unknown, what: string): void {
  const [got, expected] = [JSON.stringify(actual), JSON.stringify(wanted)]
  must(got === expected, `${what}: ${got}, not ${expected}`)
}

/** Writes many attacks of one kind. */
export function group(name: string, attacks: readonly Omit<Attack, 'group'>[]): readonly Attack[] {
  return attacks.map((attack) => ({ group: name, ...attack }))
}
