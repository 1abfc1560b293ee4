// Keeps V8's young generation small. On a machine with much memory it grows to more than a hundred megabytes while ten
// thousand sessions connect, and never shrinks: 18 kB of resident memory per idle session instead of 10 (measured, Node 24,
// WebSocket). Routing leaves almost nothing alive from one tick to the next, so collecting more often costs nothing: calls
// and events per second were the same within the spread of the runs.

import { setFlagsFromString } from 'node:v8'

/** Must run before anything allocates much; called once when a node starts. */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
