// What foreign clients and routers get wrong: recorded, not worked around. What a library simply lacks its program says itself.

import { CLIENT_FAULTS } from './faults-of-clients.ts'
import { ROUTER_FAULTS } from './faults-of-routers.ts'

export interface Fault {
  /** The section of the page. */
  readonly of: string
  readonly features: readonly string[]
  /** The columns that have it, such as "RawSocket JSON", by a part of their names; all when left out. */
  readonly on?: readonly string[]
  /** A matter of timing: it may show or not. */
  readonly sometimes?: true
  /** A sentence without its full stop; the page has it below the table. */
  readonly says: string
}

export const FAULTS: readonly Fault[] = [...CLIENT_FAULTS, ...ROUTER_FAULTS]

/** Errors of our own client that nobody catches, by a part of their messages; recorded until they are mended. */
export const UNCAUGHT: readonly string[] = []

/** The fault that explains why a feature fails in a column. */
export function faultOf(faults: readonly Fault[], section: string, feature: string, column: string): Fault | undefined {
  return faults.find(
    (fault) => fault.of === section && fault.features.includes(feature) && (fault.on?.some((part) => column.includes(part)) ?? true),
  )
}
